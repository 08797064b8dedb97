import type { IncomingHttpHeaders } from "node:http";
import type { Fault } from "../retry.ts";

/** What came in place of what was asked for. `name`: the service's word for it, where that answered. */
export interface AwsError extends Error {
  /** The system's word, where nobody answered. */
  readonly code?: string;
  /** Of the answer, if there was one. */
  readonly status?: number;
  readonly headers?: IncomingHttpHeaders;
  /** It is of asking for credentials: the service was not asked, or did not say it. */
  readonly isOfCredentials?: boolean;
}

const THROTTLED = new Set([
  "LimitExceededException",
  "RequestLimitExceeded",
  "ServiceUnavailableException",
  "SlowDown",
  "Throttling",
  "ThrottlingException",
  "TooManyRequestsException",
]);
const CLOCK_SKEW = new Set(["RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"]);
const CREDENTIALS_EXPIRED = new Set(["ExpiredToken", "ExpiredTokenException", "InvalidToken", "TokenRefreshRequired"]);
const CREDENTIALS_WRONG = new Set([
  "IncompleteSignature",
  "InvalidAccessKeyId",
  "InvalidClientTokenId",
  "InvalidSignatureException",
  "SignatureDoesNotMatch",
  "UnrecognizedClientException",
]);

/** What an error means, and in plain words what to do about it, if anything. */
export interface Meaning {
  readonly kind: Fault["kind"];
  readonly hint?: string;
}

/** Whether new credentials help. */
export function haveExpired(error: AwsError): boolean {
  return CREDENTIALS_EXPIRED.has(error.name);
}

/** What every service of AWS means by an error; null if that is the service's own. */
export function commonMeaning(error: AwsError, region: string | null): Meaning | null {
  const { status } = error;
  if (error.name === "CredentialsProviderError")
    return {
      kind: "permanent",
      hint: "give the pod a role (IRSA or Pod Identity), or set profile or AWS_ACCESS_KEY_ID",
    };
  if (error.message.startsWith("Region is missing")) return { kind: "permanent", hint: "set region, or AWS_REGION" };
  if (status === undefined) return { kind: "retryable" };
  if (THROTTLED.has(error.name) || status === 429 || (status === 503 && error.name !== "InternalError"))
    return { kind: "throttled" };
  if (CLOCK_SKEW.has(error.name) || (error.name === "InvalidSignatureException" && isOfTime(error)))
    return { kind: "retryable", hint: "the node's clock is wrong, which is corrected by the service's; set it right" };
  if (haveExpired(error)) return { kind: "retryable", hint: "credentials are asked for anew" };
  if (error.isOfCredentials === true) return meaningOfCredentials(error, status);
  if (error.message.includes("scoped to a valid region") || error.message.includes("scoped to correct region"))
    return { kind: "permanent", hint: `the region ${region ?? ""} is not the endpoint's; correct region` };
  if (CREDENTIALS_WRONG.has(error.name))
    return { kind: "permanent", hint: "the access key is unknown or its secret is wrong; correct the credentials" };
  return null;
}

/** The word for an error: the service's, or the system's where none answered. */
export function codeOf(error: AwsError): string {
  return error.code !== undefined && error.status === undefined ? error.code : error.name;
}

/** What STS, or whoever else gives credentials, refuses. */
function meaningOfCredentials({ name }: AwsError, status: number): Meaning {
  if (status >= 500) return { kind: "retryable" };
  if (name === "RegionDisabledException")
    return { kind: "permanent", hint: "enable STS in this region, or set sts_endpoint" };
  return {
    kind: "permanent",
    hint: "let the role's trust policy name who assumes it (with external_id, if it asks for one) and allow that one sts:AssumeRole; correct role_arn",
  };
}

function isOfTime({ message }: AwsError): boolean {
  return /Signature (expired|not yet current)/.test(message);
}
