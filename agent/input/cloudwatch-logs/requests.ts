import type { CloudWatchInputConfig } from "../../../config/input/cloudwatch-logs.ts";
import { Connection } from "../../output/aws/connection.ts";
import { haveExpired } from "../../output/aws/fault.ts";
import { jsonErrorOf, jsonOf, jsonRequest } from "../../output/aws/json-protocol.ts";
import { faultOf } from "./fault.ts";
import type { LogEvent } from "./log-event.ts";

/** What one request is for. */
interface PageRequest {
  /** Of the streams' names; null: all streams. */
  readonly prefix: string | null;
  /** Event time in milliseconds, `endMs` exclusive. */
  readonly startMs: number;
  readonly endMs: number;
  /** Of the page before; null for the first. */
  readonly token: string | null;
}

interface Page {
  readonly events: readonly LogEvent[];
  /** Null: there is no further page. A page may be empty, and others follow it. */
  readonly token: string | null;
  /** What time it is by the service, to the second; null where it does not say. */
  readonly serviceMs: number | null;
}

/** The request that the input makes, which may be repeated; what the service did not do is a `Fault`. */
export interface LogGroupRequests {
  /** FilterLogEvents: 10,000 events and 1 MB at most. Their order is not to be relied on. */
  readonly page: (request: PageRequest) => Promise<Page>;
}

type RequestsConfig = Pick<
  CloudWatchInputConfig,
  "logGroupName" | "requestTimeoutMs" | "region" | "endpoint" | "profile" | "roleArn" | "externalId" | "stsEndpoint"
>;

/** CloudWatch Logs' request. The signal ends what is under way. */
export function createLogGroupRequests(config: RequestsConfig, signal: AbortSignal): LogGroupRequests {
  const { logGroupName, requestTimeoutMs: timeoutMs, region } = config;
  const connection = new Connection({
    open: async () => {
      const { openService } = await import("../../../aws/service.ts");
      return await openService("logs", config);
    },
    errorOf: jsonErrorOf,
    needsCredentials: haveExpired,
    faultOf: (error, request) => faultOf(error, { group: logGroupName, region, hasToken: request === FURTHER }),
  });
  return {
    page: async ({ prefix, startMs, endMs, token }) => {
      const input = {
        logGroupName,
        startTime: startMs,
        // The service's end is inclusive.
        endTime: endMs - 1,
        ...(prefix !== null && { logStreamNamePrefix: prefix }),
        ...(token !== null && { nextToken: token }),
      };
      const request = jsonRequest("Logs_20140328", "FilterLogEvents", [Buffer.from(JSON.stringify(input))]);
      const answer = await connection.send(token === null ? FIRST : FURTHER, request, { timeoutMs, signal });
      return pageOf(jsonOf<FilterAnswer>(answer), Date.parse(answer.headers["date"] ?? ""));
    },
  };
}

const FIRST = "FilterLogEvents";
const FURTHER = "FilterLogEvents nextToken";

/** What FilterLogEvents answers. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html */
interface FilterAnswer {
  readonly events: readonly {
    readonly eventId: string;
    readonly logStreamName: string;
    readonly timestamp: number;
    readonly message?: string;
  }[];
  readonly nextToken: string;
}

function pageOf({ events = [], nextToken }: Partial<FilterAnswer>, serviceMs: number): Page {
  return {
    events: events.map(({ eventId, logStreamName, timestamp, message }) => ({
      id: eventId,
      stream: logStreamName,
      timestampMs: timestamp,
      message: message ?? "",
    })),
    token: nextToken ?? null,
    serviceMs: Number.isNaN(serviceMs) ? null : serviceMs,
  };
}
