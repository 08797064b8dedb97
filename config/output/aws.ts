import { refuseOption, type Reading } from "../plugin.ts";
import type { RawSection } from "../raw.ts";
import { RETRIES } from "../reasons.ts";

/** Options of Fluent Bit's outputs to AWS that have no effect here. */
export const AWS_IGNORED = {
  auto_retry_requests: RETRIES,
  "net.*": "see request_timeout",
  tls: "endpoint says https or http",
};

export const AWS_LATER = {
  role_arn: "name a profile that has the role_arn",
  external_id: "name a profile that has the external_id",
  sts_endpoint: "set AWS_ENDPOINT_URL_STS",
  "tls.verify": "trust the authority by NODE_EXTRA_CA_CERTS",
  "tls.ca_file": "name it in NODE_EXTRA_CA_CERTS",
};

/** Refuses an endpoint that is no URL. */
export function checkEndpoint(endpoint: string | null, section: RawSection, { found }: Reading): void {
  if (endpoint !== null && !/^https?:\/\/[^/]+/.test(endpoint))
    refuseOption(section, "endpoint", `${endpoint} is not a URL; write https:// and the host`, found);
}
