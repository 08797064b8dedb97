import type { Option } from "../option.ts";
import { refuseOption, type Reading, type RenderedOptions } from "../plugin.ts";
import type { RawSection } from "../raw.ts";
import { RETRIES } from "../reasons.ts";
import { checkUrl } from "../url.ts";

/** What the outputs to AWS share; null where the file says nothing. */
export interface AwsConfig {
  readonly region: string | null;
  readonly endpoint: string | null;
  readonly profile: string | null;
  /** The role to assume, and what its trust policy asks for beside. */
  readonly roleArn: string | null;
  readonly externalId: string | null;
  readonly stsEndpoint: string | null;
}

/** Where credentials come from: options to be spread into an output's own. */
export const AWS_CREDENTIALS = {
  profile: {
    type: "string",
    default: null,
    origin: "fluent-bit",
    doc: "Profile of the AWS configuration files to take credentials from.",
  },
  role_arn: {
    type: "string",
    default: null,
    origin: "fluent-bit",
    doc: "ARN of a role to assume, in another account for instance, by the credentials that are found without it.",
  },
  external_id: {
    type: "string",
    default: null,
    origin: "fluent-bit",
    doc: "External id that the trust policy of `role_arn` asks for.",
  },
  sts_endpoint: {
    type: "string",
    default: null,
    origin: "fluent-bit",
    doc: "URL of another STS, such as that of a VPC endpoint; without it the region's.",
  },
} as const satisfies Record<string, Option>;

/** Options of Fluent Bit's outputs to AWS that have no effect here. */
export const AWS_IGNORED = {
  auto_retry_requests: RETRIES,
  "net.*": "see request_timeout",
  tls: "endpoint says https or http",
};

export const AWS_LATER = {
  "tls.verify": "trust the authority by NODE_EXTRA_CA_CERTS",
  "tls.ca_file": "name it in NODE_EXTRA_CA_CERTS",
};

interface AwsSettings {
  readonly region: string | null;
  readonly endpoint: string | null;
  readonly profile: string | null;
  readonly role_arn: string | null;
  readonly external_id: string | null;
  readonly sts_endpoint: string | null;
}

export function readAws(settings: AwsSettings, section: RawSection, { found }: Reading): AwsConfig {
  const { region, endpoint, profile, role_arn: roleArn, external_id: externalId, sts_endpoint: stsEndpoint } = settings;
  for (const [option, url] of Object.entries({ endpoint, sts_endpoint: stsEndpoint }))
    if (url !== null) checkUrl(url, option, section, found);
  if (roleArn !== null && !/^arn:[\w-]+:iam::\d{12}:role\/./.test(roleArn))
    refuseOption(
      section,
      "role_arn",
      `${roleArn} is no ARN of a role, as in arn:aws:iam::123456789012:role/logs`,
      found,
    );
  if (externalId !== null && roleArn === null)
    refuseOption(section, "external_id", "is for role_arn; set that too, or remove it", found);
  return { region, endpoint, profile, roleArn, externalId, stsEndpoint };
}

export function renderAws({ region, endpoint, profile, roleArn, externalId, stsEndpoint }: AwsConfig): RenderedOptions {
  return { region, endpoint, profile, role_arn: roleArn, external_id: externalId, sts_endpoint: stsEndpoint };
}
