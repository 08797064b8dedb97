import type { AwsConfig } from "../../../config/output/aws.ts";
import type { CloudWatchConfig } from "../../../config/output/cloudwatch-logs.ts";
import { Connection } from "../aws/connection.ts";
import type { Answer } from "../aws/exchange.ts";
import { haveExpired, type AwsError } from "../aws/fault.ts";
import { jsonErrorOf, jsonOf, jsonRequest } from "../aws/json-protocol.ts";
import { Fault } from "../retry.ts";
import type { StreamName } from "./event-batch.ts";
import { faultOf } from "./fault.ts";

const TARGET = "Logs_20140328";

/** Of the events of a request: those before `tooOldEnd` and `expiredEnd`, and those from `tooNewStart` on, were refused. */
export interface Rejected {
  readonly tooOldEnd: number;
  readonly expiredEnd: number;
  readonly tooNewStart: number;
}

/** The requests of CloudWatch Logs that the output makes. Each may be repeated; what the service did not do is a `Fault`. */
export interface CloudWatchRequests {
  /** PutLogEvents with a body in pieces. `missing`: there is no such stream, or no such group. */
  readonly put: (name: StreamName, body: readonly Buffer[]) => Promise<"missing" | Rejected>;
  /** CreateLogStream. `missing`: there is no such group, and the configuration lets the agent make it. */
  readonly createStream: (name: StreamName) => Promise<"there" | "missing">;
  /** CreateLogGroup and PutRetentionPolicy. */
  readonly createGroup: (group: string) => Promise<void>;
}

/** What the requests depend on. */
type RequestsConfig = AwsConfig &
  Pick<CloudWatchConfig, "autoCreateGroup" | "logRetentionDays" | "logGroupClass" | "logFormat" | "requestTimeoutMs">;

/** CloudWatch Logs' requests. The signal ends what is under way. */
export function createCloudWatchRequests(config: RequestsConfig): (signal: AbortSignal) => CloudWatchRequests {
  const connection = new Connection({
    open: async () => {
      const { openService } = await import("../../../aws/service.ts");
      return await openService("logs", config);
    },
    errorOf: jsonErrorOf,
    needsCredentials: haveExpired,
    faultOf: (error, request) => {
      const [operation = "", group = ""] = request.split(" ");
      return faultOf(error, operation, group, config.region);
    },
  });
  return (signal) => requestsOver(connection, config, signal);
}

function requestsOver(connection: Connection, config: RequestsConfig, signal: AbortSignal): CloudWatchRequests {
  const { autoCreateGroup, logRetentionDays, logGroupClass, logFormat, requestTimeoutMs: timeoutMs } = config;
  const format = logFormat === null ? {} : { "x-amzn-logs-format": logFormat };
  const send = async (operation: string, group: string, body: readonly Uint8Array[]): Promise<Answer> => {
    const request = jsonRequest(TARGET, operation, body, operation === "PutLogEvents" ? format : {});
    return await connection.send(`${operation} ${group}`, request, { timeoutMs, signal });
  };
  return {
    put: async ({ group }, body) => {
      const answers = { ResourceNotFoundException: "missing", DataAlreadyAcceptedException: "taken" } as const;
      const answer = await orAnswer(send("PutLogEvents", group, body), answers);
      if (answer === "missing") return answer;
      const { rejectedLogEventsInfo: info = {} } = answer === "taken" ? {} : jsonOf<PutAnswer>(answer);
      return {
        tooOldEnd: info.tooOldLogEventEndIndex ?? 0,
        expiredEnd: info.expiredLogEventEndIndex ?? 0,
        tooNewStart: info.tooNewLogEventStartIndex ?? Infinity,
      };
    },
    createStream: async ({ group: logGroupName, stream: logStreamName }) => {
      const sent = send("CreateLogStream", logGroupName, bytesOf({ logGroupName, logStreamName }));
      const answers = { ResourceAlreadyExistsException: "there" } as const;
      const missing = autoCreateGroup ? ({ ResourceNotFoundException: "missing" } as const) : {};
      return (await orAnswer(sent, { ...answers, ...missing })) === "missing" ? "missing" : "there";
    },
    createGroup: async (logGroupName) => {
      const input = { logGroupName, ...(logGroupClass !== null && { logGroupClass }) };
      await orAnswer(send("CreateLogGroup", logGroupName, bytesOf(input)), { ResourceAlreadyExistsException: "there" });
      if (logRetentionDays === null) return;
      // Also where it was there already: the answer to the request that made it may have been lost.
      const retention = { logGroupName, retentionInDays: logRetentionDays };
      await send("PutRetentionPolicy", logGroupName, bytesOf(retention));
    },
  };
}

/** What PutLogEvents answers. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html */
interface PutAnswer {
  readonly rejectedLogEventsInfo: {
    readonly tooOldLogEventEndIndex?: number;
    readonly expiredLogEventEndIndex?: number;
    readonly tooNewLogEventStartIndex?: number;
  };
}

function bytesOf(input: object): [Uint8Array] {
  return [Buffer.from(JSON.stringify(input))];
}

/** An error of the service that is an answer, not a fault. */
async function orAnswer<Result, Answered extends string>(
  sent: Promise<Result>,
  answers: Readonly<Record<string, Answered>>,
): Promise<Result | Answered> {
  try {
    return await sent;
  } catch (error) {
    const answer = error instanceof Fault ? answers[(error.cause as AwsError).name] : undefined;
    if (answer === undefined) throw error;
    return answer;
  }
}
