import { codeOf, commonMeaning, type AwsError, type Meaning } from "../../output/aws/fault.ts";
import { Fault } from "../../output/retry.ts";

interface Asked {
  readonly group: string;
  readonly region: string | null;
  /** Whether a page after the first was asked for. */
  readonly hasToken: boolean;
}

/** What an error of FilterLogEvents means, and in plain words what to do about it. */
export function faultOf(error: AwsError, asked: Asked): Fault {
  const { kind, hint = "" } = commonMeaning(error, asked.region) ?? meaningOf(error, asked);
  const code = codeOf(error);
  const message = `FilterLogEvents in log group ${asked.group}: ${code}: ${error.message}${hint && `; ${hint}`}`;
  return new Fault(kind, code, message, error);
}

function meaningOf(error: AwsError, { group, hasToken }: Asked): Meaning {
  if ((error.status ?? 0) >= 500) return { kind: "retryable" };
  // Tokens are good for 24 hours: the part is to be asked for anew.
  if (hasToken && error.name === "InvalidParameterException") return { kind: "content" };
  return { kind: "permanent", hint: hintOf(error, group) };
}

function hintOf(error: AwsError, group: string): string {
  switch (error.name) {
    case "ResourceNotFoundException":
      return "turn on the logs of the cluster's control plane (aws eks update-cluster-config --logging), or correct cluster_name, log_group_name or region";
    case "AccessDeniedException":
      return `allow the agent's role logs:FilterLogEvents on ${group}`;
    default:
      return "";
  }
}
