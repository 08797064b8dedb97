import { Fault } from "../retry.ts";

/** What the SDK's errors hold that says what happened. */
export interface S3Error extends Error {
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

export interface Target {
  readonly bucket: string;
  readonly region: string | null;
}

const THROTTLED = new Set(["SlowDown", "Throttling", "ThrottlingException", "TooManyRequestsException"]);
/** Refused now, and no one need do anything: new credentials come, the connection was bad, S3 was busy with this key. */
const PASSING = new Set([
  "RequestTimeout",
  "BadDigest",
  "IncompleteBody",
  "XAmzContentSHA256Mismatch",
  "XAmzContentChecksumMismatch",
  "ConditionalRequestConflict",
  "OperationAborted",
  "RequestTimeTooSkewed",
]);
const CREDENTIALS_EXPIRED = new Set(["ExpiredToken", "ExpiredTokenException", "InvalidToken", "TokenRefreshRequired"]);
const WRONG_REGION = new Set([
  "PermanentRedirect",
  "TemporaryRedirect",
  "Redirect",
  "AuthorizationHeaderMalformed",
  "IllegalLocationConstraintException",
]);

/** Whether new credentials help. */
export function needsCredentials(error: S3Error, request: string): boolean {
  // The answer to a HEAD has no body that could say why.
  if (request === "HeadObject" && error.$metadata?.httpStatusCode === 400) return true;
  return CREDENTIALS_EXPIRED.has(error.name);
}

/** What an error of the SDK means, and in plain words what to do about it. */
export function faultOf(error: S3Error, request: string, target: Target): Fault {
  const status = error.$metadata?.httpStatusCode;
  const code = error.code !== undefined && status === undefined ? error.code : error.name;
  const fault = (kind: Fault["kind"], hint = ""): Fault =>
    new Fault(
      kind,
      code,
      `${request} in bucket ${target.bucket}: ${code}: ${error.message}${hint && `; ${hint}`}`,
      error,
    );
  if (error.name === "CredentialsProviderError")
    return fault("permanent", "give the pod a role (IRSA or Pod Identity), or set profile or AWS_ACCESS_KEY_ID");
  if (error.message.startsWith("Region is missing")) return fault("permanent", "set region, or AWS_REGION");
  if (status === undefined) return fault("retryable");
  if (THROTTLED.has(error.name) || status === 429 || (status === 503 && error.name !== "InternalError"))
    return fault("throttled");
  if (PASSING.has(error.name)) {
    const skewed = error.name === "RequestTimeTooSkewed";
    return fault("retryable", skewed ? "the node's clock is wrong, which is corrected by S3's; set it right" : "");
  }
  if (needsCredentials(error, request)) return fault("retryable", "credentials are asked for anew");
  if (WRONG_REGION.has(error.name) || status === 301 || status === 307)
    return fault("permanent", regionHint(error, target));
  if (status >= 500) return fault(status === 501 ? "permanent" : "retryable");
  return fault("permanent", hintOf(error.name, target));
}

function regionHint(error: S3Error, { bucket, region }: Target): string {
  const named = error.$response?.headers?.["x-amz-bucket-region"] ?? /expecting '([^']+)'/.exec(error.message)?.[1];
  const asked = region === null ? "" : `, not in ${region}`;
  return named === undefined
    ? `${bucket} is in another region; set region to that`
    : `${bucket} is in ${named}${asked}; set region: ${named}`;
}

function hintOf(code: string, { bucket }: Target): string {
  switch (code) {
    case "NoSuchBucket":
      return `create ${bucket}, or correct bucket`;
    case "AccessDenied":
    case "Forbidden":
      return `allow the agent's role s3:PutObject on ${bucket} (and s3:AbortMultipartUpload; better s3:ListBucket too), and the use of its KMS key`;
    case "InvalidAccessKeyId":
    case "SignatureDoesNotMatch":
      return "the access key is unknown or its secret is wrong; correct the credentials";
    default:
      return code.startsWith("KMS.") ? "enable the KMS key, or name another one in sse_kms_key_id" : "";
  }
}
