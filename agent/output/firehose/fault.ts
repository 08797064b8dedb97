import { codeOf, commonMeaning, type AwsError, type Meaning } from "../aws/fault.ts";
import { Fault } from "../retry.ts";

interface Target {
  readonly deliveryStream: string;
  readonly region: string | null;
}

/** The request holds what the service never takes. */
const OF_CONTENT = new Set(["InvalidArgumentException", "SerializationException", "ValidationException"]);

/** What an error means, and in plain words what to do about it. */
export function faultOf(error: AwsError, request: string, target: Target): Fault {
  const { kind, hint = "" } = commonMeaning(error, target.region) ?? meaningOf(error, target);
  const code = codeOf(error);
  const text = `${request} to delivery stream ${target.deliveryStream}: ${code}: ${error.message}${hint && `; ${hint}`}`;
  return new Fault(kind, code, text, error);
}

function meaningOf(error: AwsError, { deliveryStream, region }: Target): Meaning {
  if ((error.status ?? 0) >= 500) return { kind: "retryable" };
  if (OF_CONTENT.has(error.name)) return { kind: "content" };
  return { kind: "permanent", hint: hintOf(error.name, deliveryStream, region) };
}

function hintOf(code: string, deliveryStream: string, region: string | null): string {
  switch (code) {
    case "ResourceNotFoundException":
      return `create ${deliveryStream}${region === null ? "" : ` in ${region}`}, or correct delivery_stream or region`;
    case "AccessDeniedException":
      return `allow the agent's role firehose:PutRecordBatch on ${deliveryStream}`;
    case "InvalidKMSResourceException":
      return "enable the KMS key of the delivery stream, and allow the agent's role its use";
    case "InvalidSourceException":
      return `${deliveryStream} takes its records from another source; name one whose source is Direct PUT`;
    default:
      return "";
  }
}
