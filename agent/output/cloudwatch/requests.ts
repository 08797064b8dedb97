import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import type { AwsConfig } from "../../../config/output/aws.ts";
import type { CloudWatchConfig } from "../../../config/output/cloudwatch-logs.ts";
import { Connection, openClient } from "../aws/connection.ts";
import { setPieces } from "../aws/piecewise.ts";
import { haveExpired, type AwsError } from "../aws/fault.ts";
import { Fault } from "../retry.ts";
import type { StreamName } from "./event-batch.ts";
import { faultOf } from "./fault.ts";

type Sdk = typeof import("@aws-sdk/client-cloudwatch-logs");

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

/** CloudWatch Logs' requests by the AWS SDK, which is loaded at the first one. The signal ends what is under way. */
export function createCloudWatchRequests(config: RequestsConfig): (signal: AbortSignal) => CloudWatchRequests {
  const connection = new Connection<{ readonly sdk: Sdk; readonly client: CloudWatchLogsClient }>({
    open: async () => {
      const { loadCloudWatchLogs } = await import("../aws/sdk.ts");
      const sdk = await loadCloudWatchLogs();
      return { sdk, client: await openClient(config, (options) => new sdk.CloudWatchLogsClient(options)) };
    },
    needsCredentials: haveExpired,
    faultOf: (error, request) => {
      const [operation = "", group = ""] = request.split(" ");
      return faultOf(error, operation, group, config.region);
    },
  });
  return (signal) => requestsOver(connection, config, signal);
}

function requestsOver(
  connection: Connection<{ readonly sdk: Sdk; readonly client: CloudWatchLogsClient }>,
  config: RequestsConfig,
  signal: AbortSignal,
): CloudWatchRequests {
  const { autoCreateGroup, logRetentionDays, logGroupClass, logFormat, requestTimeoutMs } = config;
  const send = async <Result>(
    operation: string,
    group: string,
    call: Parameters<typeof connection.send<Result>>[1],
  ): Promise<Result> => await connection.send(`${operation} ${group}`, call, requestTimeoutMs, signal);
  return {
    put: async ({ group }, body) => {
      const sent = send("PutLogEvents", group, async ({ sdk, client }, options) => {
        return await client.send(putCommand(sdk, body, logFormat), options);
      });
      const answer = await orAnswer(sent, {
        ResourceNotFoundException: "missing",
        DataAlreadyAcceptedException: "taken",
      });
      if (answer === "missing") return answer;
      const info = answer === "taken" ? {} : (answer.rejectedLogEventsInfo ?? {});
      return {
        tooOldEnd: info.tooOldLogEventEndIndex ?? 0,
        expiredEnd: info.expiredLogEventEndIndex ?? 0,
        tooNewStart: info.tooNewLogEventStartIndex ?? Infinity,
      };
    },
    createStream: async ({ group: logGroupName, stream: logStreamName }) => {
      const sent = send("CreateLogStream", logGroupName, async ({ sdk, client }, options) => {
        return await client.send(new sdk.CreateLogStreamCommand({ logGroupName, logStreamName }), options);
      });
      const answers = { ResourceAlreadyExistsException: "there" } as const;
      const missing = autoCreateGroup ? ({ ResourceNotFoundException: "missing" } as const) : {};
      return (await orAnswer(sent, { ...answers, ...missing })) === "missing" ? "missing" : "there";
    },
    createGroup: async (logGroupName) => {
      const input = { logGroupName, ...(logGroupClass !== null && { logGroupClass }) };
      const sent = send("CreateLogGroup", logGroupName, async ({ sdk, client }, options) => {
        return await client.send(new sdk.CreateLogGroupCommand(input), options);
      });
      await orAnswer(sent, { ResourceAlreadyExistsException: "there" });
      if (logRetentionDays === null) return;
      // Also where it was there already: the answer to the request that made it may have been lost.
      await send("PutRetentionPolicy", logGroupName, async ({ sdk, client }, options) => {
        const retention = { logGroupName, retentionInDays: logRetentionDays };
        return await client.send(new sdk.PutRetentionPolicyCommand(retention), options);
      });
    },
  };
}

/** The body is made already: the SDK would make it of objects, at thrice the CPU. */
function putCommand(sdk: Sdk, body: readonly Buffer[], logFormat: CloudWatchConfig["logFormat"]) {
  const command = new sdk.PutLogEventsCommand({
    logGroupName: undefined,
    logStreamName: undefined,
    logEvents: undefined,
  });
  command.middlewareStack.add(
    (next) => async (args) => {
      const request = args.request as { body: unknown; headers: Record<string, string> };
      setPieces(request, body);
      if (logFormat !== null) request.headers["x-amzn-logs-format"] = logFormat;
      return await next(args);
    },
    { step: "build", priority: "high", name: "logqBody" },
  );
  return command;
}

/** An error of the service that is an answer, not a fault. */
async function orAnswer<Result, Answer extends string>(
  sent: Promise<Result>,
  answers: Readonly<Record<string, Answer>>,
): Promise<Result | Answer> {
  try {
    return await sent;
  } catch (error) {
    const answer = error instanceof Fault ? answers[(error.cause as AwsError).name] : undefined;
    if (answer === undefined) throw error;
    return answer;
  }
}
