import { codeOf, commonMeaning, type AwsError, type Meaning } from "../aws/fault.ts";
import { Fault } from "../retry.ts";

/** Of PutLogEvents, one event of which is enough for it. */
const OF_CONTENT = new Set(["InvalidParameterException", "SerializationException", "ValidationException"]);

/** What an error means, and in plain words what to do about it. `group`: the log group it is about. */
export function faultOf(error: AwsError, request: string, group: string, region: string | null): Fault {
  const { kind, hint = "" } = commonMeaning(error, region) ?? meaningOf(error, request, group, region);
  const code = codeOf(error);
  return new Fault(
    kind,
    code,
    `${request} in log group ${group}: ${code}: ${error.message}${hint && `; ${hint}`}`,
    error,
  );
}

function meaningOf(error: AwsError, request: string, group: string, region: string | null): Meaning {
  if ((error.status ?? 0) >= 500) return { kind: "retryable" };
  // Two agents make the same group.
  if (error.name === "OperationAbortedException") return { kind: "retryable" };
  // Names it would refuse whatever the events are.
  const isOfNames = /log(Group|Stream)Name/.test(error.message);
  if (request === "PutLogEvents" && OF_CONTENT.has(error.name) && !isOfNames) return { kind: "content" };
  return { kind: "permanent", hint: hintOf(error, group, region) };
}

function hintOf(error: AwsError, group: string, region: string | null): string {
  switch (error.name) {
    case "ResourceNotFoundException":
      return `create ${group}${region === null ? "" : ` in ${region}`}, set auto_create_group: on, or correct the group's name or region`;
    case "AccessDeniedException":
      return `allow the agent's role logs:PutLogEvents and logs:CreateLogStream on ${group} (with auto_create_group also logs:CreateLogGroup and logs:PutRetentionPolicy)`;
    default:
      return "";
  }
}
