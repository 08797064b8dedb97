/** What went wrong with a request to S3, and in plain words what to do about it. */
import { CliError, EXIT } from "../../cli-error.ts";
import { textOf } from "../../../aws/xml.ts";
import type { Answer } from "./send.ts";

/** A request that was not done. */
export interface Fault {
  /** `again`: the same request may work now; `region`, `credentials`, `clock`: it will once that is put right. */
  readonly cure: "again" | "region" | "credentials" | "clock" | null;
  /** S3's word, or the system's. */
  readonly code: string;
  readonly message: string;
  /** What the answer says of where the bucket is. */
  readonly region: string | null;
  /** Milliseconds by which the service's clock is ahead of this machine's; 0 where nothing was answered. */
  readonly clockOffsetMs: number;
}

/** Where the request went, for the words. */
export interface Asked {
  readonly bucket: string;
  /** Null for a listing. */
  readonly key: string | null;
  readonly profile: string | null;
  readonly host: string;
}

const AGAIN = new Set([
  "BadDigest",
  "IncompleteBody",
  "InternalError",
  "OperationAborted",
  "RequestTimeout",
  "ServiceUnavailable",
  "SlowDown",
  "Throttling",
  "ThrottlingException",
  "TooManyRequestsException",
]);
const EXPIRED = new Set(["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"]);
const UNREACHABLE = new Set(["ENOTFOUND", "ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "EAI_AGAIN"]);
/** Errors of a connection; the certificate's, for one, are not among them. */
const CONNECTION = new Set([...UNREACHABLE, "ECONNRESET", "ECONNABORTED", "EPIPE", "ETIMEDOUT", "TimeoutError"]);

/** An answer that is an error. */
export function faultOfAnswer({ status, headers, body }: Answer): Fault {
  const xml = body.toString();
  const code = textOf(xml, "Code") || `HTTP ${status}`;
  const named = headers["x-amz-bucket-region"] ?? (textOf(xml, "Region") || null);
  const region = typeof named === "string" ? named : null;
  const dateMs = Date.parse(headers.date ?? "");
  const clockOffsetMs = Number.isNaN(dateMs) ? 0 : dateMs - Date.now();
  const message = textOf(xml, "Message") || `HTTP status ${status}`;
  return { cure: cureOf(status, code, region), code, message, region, clockOffsetMs };
}

/** What came in place of an answer: of the connection, or of asking for credentials. */
export function faultOfError(error: Error & { code?: unknown }): Fault {
  const code = typeof error.code === "string" ? error.code : error.name;
  const { message } = error;
  return { cure: CONNECTION.has(code) ? "again" : null, code, message, region: null, clockOffsetMs: 0 };
}

function cureOf(status: number, code: string, region: string | null): Fault["cure"] {
  if (code === "RequestTimeTooSkewed") return "clock";
  if (EXPIRED.has(code)) return "credentials";
  const isElsewhere = status === 301 || status === 307 || code === "AuthorizationHeaderMalformed";
  if (isElsewhere && region !== null) return "region";
  if (AGAIN.has(code) || status === 429 || (status >= 500 && status !== 501)) return "again";
  return null;
}

/** The error that ends the query. `tries`: how often the request was sent. */
export function errorOf(fault: Fault, asked: Asked, tries: number): CliError {
  const what =
    asked.key === null ? `cannot list s3://${asked.bucket}` : `cannot read s3://${asked.bucket}/${asked.key}`;
  const { said, hint } = meaningOf(fault, asked);
  const isPassing = fault.cure === "again" && !UNREACHABLE.has(fault.code);
  const often = tries > 1 ? ` (${tries} tries)` : "";
  return new CliError(`${what}: ${said}${often}`, hint, isPassing ? EXIT.throttled : EXIT.backend);
}

interface Meaning {
  readonly said: string;
  readonly hint: string;
}

function meaningOf(fault: Fault, asked: Asked): Meaning {
  const { code, message } = fault;
  const quoted = `${code}: ${message}`;
  if (UNREACHABLE.has(code)) {
    const hint = "check the network, the region, and AWS_ENDPOINT_URL_S3 if it is set";
    return { said: `${asked.host} cannot be reached: ${message}`, hint };
  }
  if (fault.cure === "again") return { said: quoted, hint: "try again in a minute, or ask for less: a shorter window" };
  if (fault.cure === "region") {
    return {
      said: `the bucket is in ${fault.region}`,
      hint: `set AWS_REGION=${fault.region}, or region in the context`,
    };
  }
  if (fault.cure === "clock")
    return { said: quoted, hint: "set this machine's clock: S3 refuses times 15 minutes off" };
  if (fault.cure === "credentials") return { said: "the AWS credentials have expired", hint: signIn(asked) };
  return wordsOf(code, asked) ?? { said: quoted, hint: "logq doctor checks credentials, region and bucket" };
}

function wordsOf(code: string, asked: Asked): Meaning | null {
  const { bucket, key } = asked;
  switch (code) {
    case "NoSuchBucket":
      return { said: `there is no bucket ${bucket}`, hint: `correct --store; "aws s3 ls" lists your buckets` };
    case "AccessDenied":
    case "Forbidden":
    case "HTTP 403": {
      const action = key === null ? `s3:ListBucket on ${bucket}` : `s3:GetObject on ${bucket}/*`;
      const hint = `allow ${action} to who asks ("aws sts get-caller-identity" says who), and kms:Decrypt where objects are encrypted by a KMS key`;
      return { said: "access denied", hint };
    }
    case "InvalidAccessKeyId":
    case "SignatureDoesNotMatch":
    case "InvalidToken":
      return {
        said: `AWS does not know these credentials (${code})`,
        hint: "correct AWS_ACCESS_KEY_ID and its secret, or choose AWS_PROFILE; keys of aws-cn and aws-us-gov are their own",
      };
    case "CredentialsProviderError":
    case "TokenProviderError":
      return { said: "no AWS credentials were found", hint: signIn(asked) };
    case "InvalidObjectState":
      return { said: "the object is archived (Glacier)", hint: "restore it first, or ask for a window without it" };
    default:
      return null;
  }
}

function signIn({ profile }: Asked): string {
  const login = profile === null ? "aws sso login" : `aws sso login --profile ${profile}`;
  return `sign in ("${login}"), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`;
}
