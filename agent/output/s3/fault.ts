import { codeOf, commonMeaning, haveExpired, type AwsError, type Meaning } from "../aws/fault.ts";
import { Fault } from "../retry.ts";

export interface Target {
  readonly bucket: string;
  readonly region: string | null;
}

/** Refused now, and no one need do anything: the connection was bad, S3 was busy with this key. */
const PASSING = new Set([
  "RequestTimeout",
  "BadDigest",
  "IncompleteBody",
  "XAmzContentSHA256Mismatch",
  "XAmzContentChecksumMismatch",
  "ConditionalRequestConflict",
  "OperationAborted",
]);
const WRONG_REGION = new Set([
  "PermanentRedirect",
  "TemporaryRedirect",
  "Redirect",
  "AuthorizationHeaderMalformed",
  "IllegalLocationConstraintException",
]);

/** Whether new credentials help. */
export function needsCredentials(error: AwsError, request: string): boolean {
  // The answer to a HEAD has no body that could say why.
  if (request === "HeadObject" && error.status === 400) return true;
  return haveExpired(error);
}

/** What an error means, and in plain words what to do about it. */
export function faultOf(error: AwsError, request: string, target: Target): Fault {
  const { kind, hint = "" } = commonMeaning(error, target.region) ?? meaningOf(error, request, target);
  const code = codeOf(error);
  const text = `${request} in bucket ${target.bucket}: ${code}: ${error.message}${hint && `; ${hint}`}`;
  return new Fault(kind, code, text, error);
}

function meaningOf(error: AwsError, request: string, target: Target): Meaning {
  const status = error.status ?? 0;
  if (PASSING.has(error.name)) return { kind: "retryable" };
  if (needsCredentials(error, request)) return { kind: "retryable", hint: "credentials are asked for anew" };
  if (WRONG_REGION.has(error.name) || status === 301 || status === 307)
    return { kind: "permanent", hint: regionHint(error, target) };
  if (status >= 500) return { kind: status === 501 ? "permanent" : "retryable" };
  return { kind: "permanent", hint: hintOf(error.name, request, target) };
}

function regionHint(error: AwsError, { bucket, region }: Target): string {
  const named = error.headers?.["x-amz-bucket-region"] ?? /expecting '([^']+)'/.exec(error.message)?.[1];
  const asked = region === null ? "" : `, not in ${region}`;
  return named === undefined
    ? `${bucket} is in another region; set region to that`
    : `${bucket} is in ${String(named)}${asked}; set region: ${String(named)}`;
}

function hintOf(code: string, request: string, { bucket }: Target): string {
  switch (code) {
    case "NoSuchBucket":
      return `create ${bucket}, or correct bucket`;
    case "AccessDenied":
    case "Forbidden":
      if (request === "ListObjectsV2" || request === "GetObject")
        return "allow the agent's role s3:ListBucket and s3:GetObject of _compact/*";
      return `allow the agent's role s3:PutObject on ${bucket}, and the use of its KMS key if it has one; better s3:GetObject, s3:AbortMultipartUpload and s3:ListBucketMultipartUploads too`;
    default:
      return code.startsWith("KMS.") ? "enable the KMS key, or name another one in sse_kms_key_id" : "";
  }
}
