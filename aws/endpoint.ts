import { awsEndpointFunctions } from "@aws-sdk/core/client";
import { bdd as logsRules } from "@aws-sdk/client-cloudwatch-logs/dist-es/endpoint/bdd.js";
import { commonParams as logsParameters } from "@aws-sdk/client-cloudwatch-logs/dist-es/endpoint/EndpointParameters.js";
import { bdd as firehoseRules } from "@aws-sdk/client-firehose/dist-es/endpoint/bdd.js";
import { commonParams as firehoseParameters } from "@aws-sdk/client-firehose/dist-es/endpoint/EndpointParameters.js";
import { bdd as s3Rules } from "@aws-sdk/client-s3/dist-es/endpoint/bdd.js";
import { commonParams as s3Parameters } from "@aws-sdk/client-s3/dist-es/endpoint/EndpointParameters.js";
import {
  loadConfig,
  NODE_REGION_CONFIG_FILE_OPTIONS,
  NODE_REGION_CONFIG_OPTIONS,
  NODE_USE_DUALSTACK_ENDPOINT_CONFIG_OPTIONS,
  NODE_USE_FIPS_ENDPOINT_CONFIG_OPTIONS,
  resolveRegionConfig,
} from "@smithy/core/config";
import { customEndpointFunctions, decideEndpoint, getEndpointFromInstructions } from "@smithy/core/endpoints";
import type { AwsConfig } from "../config/output/aws.ts";

/** Where a service answers, and for whom requests are signed. */
export interface Endpoint {
  /** `http:` or `https:`. */
  readonly protocol: string;
  readonly hostname: string;
  /** Null: the protocol's own. */
  readonly port: number | null;
  /** In front of every path, encoded; without a slash at its end. */
  readonly basePath: string;
  readonly signingRegion: string;
  readonly signingName: string;
}

/** What the SDK's client of a service knows of it. */
const SERVICES = {
  s3: { serviceId: "S3", signingName: "s3", rules: s3Rules, parameters: s3Parameters },
  logs: { serviceId: "CloudWatch Logs", signingName: "logs", rules: logsRules, parameters: logsParameters },
  firehose: { serviceId: "Firehose", signingName: "firehose", rules: firehoseRules, parameters: firehoseParameters },
} as const;

export type ServiceName = keyof typeof SERVICES;

/** The functions that the rules call: partitions by region, what may be a host's name. */
customEndpointFunctions["aws"] = awsEndpointFunctions;

/**
 * Finds out where a service answers, by the SDK's rules for it and by what the SDK reads for them: region, AWS_ENDPOINT_URL,
 * dual stack and FIPS from the environment and the profile. No name of a host is made here. Throws `Region is missing`, and
 * what the rules say of settings that don't go together.
 */
export async function resolveEndpoint(
  service: ServiceName,
  { region, endpoint, profile }: Pick<AwsConfig, "region" | "endpoint" | "profile">,
  bucket: string | null,
): Promise<Endpoint> {
  const { serviceId, signingName, rules, parameters } = SERVICES[service];
  const loader = profile === null ? {} : { profile };
  const located = resolveRegionConfig({
    // Where the endpoint is not AWS's, the region is a mere word of the signature.
    region:
      region ??
      (endpoint === null
        ? loadConfig(NODE_REGION_CONFIG_OPTIONS, { ...NODE_REGION_CONFIG_FILE_OPTIONS, ...loader })
        : (process.env["AWS_REGION"] ?? "us-east-1")),
    useFipsEndpoint: loadConfig(NODE_USE_FIPS_ENDPOINT_CONFIG_OPTIONS, loader),
  });
  const config = {
    ...located,
    serviceId,
    useDualstackEndpoint: loadConfig(NODE_USE_DUALSTACK_ENDPOINT_CONFIG_OPTIONS, loader),
    endpointProvider: (endpointParams: Parameters<typeof decideEndpoint>[1]["endpointParams"]) =>
      decideEndpoint(rules, { endpointParams }),
    ...(endpoint !== null && { endpoint: () => Promise.resolve(endpoint), isCustomEndpoint: true }),
    // Of S3: an endpoint of one's own has no names for its buckets; a session would need the SDK's client.
    forcePathStyle: endpoint !== null,
    disableS3ExpressSessionAuth: true,
  };
  const instructions = {
    ...parameters,
    ...(bucket !== null && { Bucket: { type: "contextParams", name: "Bucket" } as const }),
  };
  const supplier = { getEndpointParameterInstructions: () => instructions };
  const { url, properties } = await getEndpointFromInstructions({ Bucket: bucket }, supplier, config as never, {});
  const [scheme] = (properties?.["authSchemes"] ?? []) as readonly AuthScheme[];
  if (scheme?.name === "sigv4a")
    throw new Error(`${url.host} takes no requests signed for one region; name one bucket`);
  return {
    protocol: url.protocol,
    hostname: url.hostname,
    port: url.port === "" ? null : Number(url.port),
    basePath: url.pathname.replace(/\/$/, ""),
    signingRegion: scheme?.signingRegion ?? (await located.region()),
    signingName: scheme?.signingName ?? signingName,
  };
}

interface AuthScheme {
  readonly name: string;
  readonly signingName?: string;
  readonly signingRegion?: string;
}
