import { CliError, EXIT } from "../cli-error.ts";

/** What the SDK's errors hold that says what happened. */
export interface AwsError extends Error {
  readonly code?: string;
  /** Of TooManyRequestsException. */
  readonly Reason?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** A request that AWS, or the SDK itself, refuses, in plain words; exit 4. */
export function requestError(action: string, error: AwsError): CliError {
  const [message, hint] = explain(error);
  return new CliError(`${action}: ${message}`, hint, EXIT.backend);
}

const EXPIRED = new Set(["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"]);
const UNKNOWN_KEY = new Set(["InvalidClientTokenId", "InvalidAccessKeyId", "UnrecognizedClientException"]);
const SIGN_IN =
  "sign in again (aws sso login, aws login), or name another profile: AWS_PROFILE, or profile in the context";

function explain({ name, message }: AwsError): [message: string, hint: string | null] {
  if (message.startsWith("Region is missing")) {
    return ["no AWS region is known", "set region in the context, or AWS_REGION=…, or: aws configure set region …"];
  }
  if (EXPIRED.has(name) || /(?:token|session)[^.]*expired/i.test(message)) {
    return ["the AWS credentials have expired", SIGN_IN];
  }
  if (name === "CredentialsProviderError" || name === "TokenProviderError") {
    return [`no AWS credentials (${firstLine(message)})`, `${SIGN_IN}, or run aws configure`];
  }
  if (UNKNOWN_KEY.has(name)) return [`AWS does not know the access key (${message})`, SIGN_IN];
  if (name === "SignatureDoesNotMatch" || /signature we calculated/.test(message)) {
    return ["AWS does not accept the secret key", "correct AWS_SECRET_ACCESS_KEY, or the profile's"];
  }
  if (/scoped to (?:a valid|correct) region/.test(message)) {
    return [`the region is not the endpoint's (${message})`, "correct region in the context, or AWS_REGION"];
  }
  if (/AccessDenied|Forbidden|NotAuthorized/.test(name) || /not authorized to perform/.test(message)) {
    return denied(message);
  }
  if (/ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT/.test(message)) {
    return [`nobody answers (${message})`, "check the network and the region, and AWS_ENDPOINT_URL if it is set"];
  }
  if (/ENOTFOUND|EAI_AGAIN/.test(message)) {
    return [`no such host (${message})`, "check the region's spelling, and the network"];
  }
  return invalid(message) ?? [`${name}: ${firstLine(message)}`, null];
}

/** What is missing is in IAM's own message: who may not do what to which resource. */
function denied(message: string): [string, string] {
  const action = /perform: (\S+)/.exec(message)?.[1];
  if (action?.startsWith("kms:") === true || /\bKMS\b/.test(message)) {
    return [
      `access denied (${message})`,
      "allow kms:Decrypt on the key of the logs, kms:GenerateDataKey on that of results",
    ];
  }
  return [
    `access denied (${message})`,
    action === undefined ? "ask for the permission" : `ask for the permission ${action}`,
  ];
}

/** What InvalidRequestException is about, by its message. */
function invalid(message: string): [string, string] | null {
  if (/No output location provided/i.test(message)) {
    return [
      "neither the workgroup nor the context says where results go",
      [
        "any of: output_location in the context: s3://bucket/athena-results/",
        "a result location of the workgroup, or managed results (Athena console, Workgroups, Edit)",
        "logq init --workgroup NAME makes a workgroup that has one",
      ].join("\n"),
    ];
  }
  if (/WorkGroup .*not found/i.test(message)) {
    return [firstLine(message), "correct workgroup in the context; logq init --workgroup NAME makes one"];
  }
  if (/WorkGroup .*disabled/i.test(message)) {
    return [firstLine(message), "enable it (Athena console, Workgroups), or name another in the context"];
  }
  if (/Unable to verify\/create output bucket|output bucket/i.test(message)) {
    return [
      firstLine(message),
      "the bucket of the results must be in the same region, and s3:GetBucketLocation, s3:PutObject and s3:GetObject allowed; correct output_location",
    ];
  }
  return null;
}

function firstLine(text: string): string {
  return text.split("\n")[0]!.trim();
}
