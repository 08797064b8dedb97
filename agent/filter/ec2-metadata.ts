import { request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { FilterConfig } from "../../config/config.ts";
import type { AwsFilterConfig, Ec2Field } from "../../config/filter/aws.ts";
import type { Logger } from "../telemetry/log.ts";

interface Ec2Options {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  readonly retryDelayMs?: number;
}

const ENDPOINT = "http://169.254.169.254";
const RETRY_DELAY_MS = 250;
/** One answer; a token that may not leave the instance gets none at all. */
const REQUEST_TIMEOUT_MS = 1000;
const TOKEN_SECONDS = 21_600;
const TAGS = "/latest/meta-data/tags/instance";

const PATHS: Record<Exclude<Ec2Field, "vpc_id" | "account_id">, string> = {
  az: "placement/availability-zone",
  ec2_instance_id: "instance-id",
  ec2_instance_type: "instance-type",
  private_ip: "local-ipv4",
  ami_id: "ami-id",
  hostname: "hostname",
};

/**
 * Filters with what EC2's metadata service says of the node in those that want it (AWS: EC2 user guide, instance metadata).
 * Waits as long as they say and never fails: what is not known by then is logged once, and left out. Takes the SDKs'
 * variables AWS_EC2_METADATA_SERVICE_ENDPOINT and AWS_EC2_METADATA_DISABLED.
 */
export async function withEc2Metadata(
  filters: readonly FilterConfig[],
  options: Ec2Options,
): Promise<readonly FilterConfig[]> {
  return await Promise.all(
    filters.map(async (filter) =>
      filter.plugin === "aws" ? { ...filter, metadata: await readMetadata(filter, options) } : filter,
    ),
  );
}

async function readMetadata(filter: AwsFilterConfig, options: Ec2Options): Promise<Record<string, string>> {
  const { env, log, retryDelayMs = RETRY_DELAY_MS } = options;
  const endpoint = env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] || ENDPOINT;
  const metadata: Record<string, string> = {};
  if (env["AWS_EC2_METADATA_DISABLED"]?.toLowerCase() === "true") {
    log.warn({ filter: "aws" }, "records get no metadata of EC2: AWS_EC2_METADATA_DISABLED says so");
    return metadata;
  }
  const signal = AbortSignal.timeout(filter.waitMs);
  const get = createClient(endpoint, { version: filter.imdsVersion, retryDelayMs, signal });
  try {
    for (const field of filter.fields) setIfKnown(metadata, field, await readField(get, field));
    if (filter.tags !== null) Object.assign(metadata, await readTags(get, filter.tags));
    if (filter.entity) {
      setIfKnown(metadata, "aws_entity_ec2_instance_id", await readField(get, "ec2_instance_id"));
      setIfKnown(metadata, "aws_entity_account_id", await readField(get, "account_id"));
    }
  } catch (err) {
    const known = Object.keys(metadata);
    const hint =
      "off EC2 remove filter aws; in a container raise the instance's hop limit to 2, or use the host's network";
    log.warn(
      { filter: "aws", endpoint, known, err },
      `cannot read the metadata of EC2 within ${filter.waitMs} ms; ${hint}`,
    );
  }
  return metadata;
}

function setIfKnown(metadata: Record<string, string>, field: string, value: string | null): void {
  if (value !== null) metadata[field] = value;
}

/** The text at a path, or null if the service has none. */
type Get = (path: string) => Promise<string | null>;

async function readField(get: Get, field: Ec2Field): Promise<string | null> {
  if (field === "vpc_id") {
    const mac = await get("/latest/meta-data/mac");
    return mac === null ? null : await get(`/latest/meta-data/network/interfaces/macs/${mac}/vpc-id`);
  }
  if (field !== "account_id") return await get(`/latest/meta-data/${PATHS[field]}`);
  const document = await get("/latest/dynamic/instance-identity/document");
  const { accountId } = JSON.parse(document ?? "{}") as { accountId?: unknown };
  return typeof accountId === "string" ? accountId : null;
}

/** None where the instance has no tags, or its metadata options do not give them away. */
async function readTags(
  get: Get,
  { include, exclude }: NonNullable<AwsFilterConfig["tags"]>,
): Promise<Record<string, string>> {
  const names = (await get(TAGS))?.split("\n").filter((name) => name !== "") ?? [];
  const tags: Record<string, string> = {};
  for (const name of names) {
    const isWanted = include.length > 0 ? include.includes(name) : !exclude.includes(name);
    if (isWanted) setIfKnown(tags, name, await get(`${TAGS}/${encodeURIComponent(name)}`));
  }
  return tags;
}

interface ClientOptions {
  readonly version: AwsFilterConfig["imdsVersion"];
  readonly retryDelayMs: number;
  readonly signal: AbortSignal;
}

/** Asks again until there is an answer or the signal ends it; with a new token where the service wants one. */
function createClient(endpoint: string, { version, retryDelayMs, signal }: ClientOptions): Get {
  let token: string | null = null;
  const ask = async (path: string): Promise<Answer> => {
    if (version === "v2" && token === null) {
      const headers = { "X-aws-ec2-metadata-token-ttl-seconds": String(TOKEN_SECONDS) };
      const answer = await send(new URL("/latest/api/token", endpoint), { method: "PUT", headers, signal });
      if (answer.status !== 200) return answer;
      token = answer.text;
    }
    const headers = token === null ? {} : { "X-aws-ec2-metadata-token": token };
    const answer = await send(new URL(path, endpoint), { method: "GET", headers, signal });
    if (answer.status === 401) token = null;
    return answer;
  };
  return async (path) => {
    let last: unknown = null;
    for (;;) {
      try {
        const { status, text } = await ask(path);
        if (status === 200) return text;
        if (status === 404) return null;
        last = new Error(`${endpoint}${path} answered ${status}`);
      } catch (error) {
        if (!signal.aborted) last = error;
      }
      await delay(retryDelayMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) throw last ?? new Error(`${endpoint}${path} did not answer`);
    }
  };
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

interface Sent {
  readonly method: "GET" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

async function send(url: URL, { method, headers, signal }: Sent): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const both = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]);
    const sent = request(url, { method, headers, signal: both, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (piece: string) => (text += piece));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.on("error", reject);
    });
    sent.on("error", reject);
    sent.end();
  });
}
