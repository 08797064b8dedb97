import type { CloudWatchLogsClient, FilterLogEventsCommandOutput } from "@aws-sdk/client-cloudwatch-logs";
import type { CloudWatchInputConfig } from "../../../config/input/cloudwatch-logs.ts";
import { Connection, openClient } from "../../output/aws/connection.ts";
import { haveExpired } from "../../output/aws/fault.ts";
import { faultOf } from "./fault.ts";
import type { LogEvent } from "./log-event.ts";

type Sdk = typeof import("@aws-sdk/client-cloudwatch-logs");

/** What one request is for. */
export interface PageRequest {
  /** Of the streams' names; null: all streams. */
  readonly prefix: string | null;
  /** Event time in milliseconds, `endMs` exclusive. */
  readonly startMs: number;
  readonly endMs: number;
  /** Of the page before; null for the first. */
  readonly token: string | null;
}

export interface Page {
  readonly events: readonly LogEvent[];
  /** Null: there is no further page. A page may be empty, and others follow it. */
  readonly token: string | null;
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

/** By the AWS SDK, which is loaded at the first request. The signal ends what is under way. */
export function createLogGroupRequests(config: RequestsConfig, signal: AbortSignal): LogGroupRequests {
  const { logGroupName, requestTimeoutMs, region } = config;
  const connection = new Connection<{ readonly sdk: Sdk; readonly client: CloudWatchLogsClient }>({
    open: async () => {
      const { loadCloudWatchLogs } = await import("../../output/aws/sdk.ts");
      const sdk = await loadCloudWatchLogs();
      return { sdk, client: await openClient(config, (options) => new sdk.CloudWatchLogsClient(options)) };
    },
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
      const send = async (
        { sdk, client }: { sdk: Sdk; client: CloudWatchLogsClient },
        options: { abortSignal: AbortSignal },
      ) => await client.send(new sdk.FilterLogEventsCommand(input), options);
      return pageOf(await connection.send(token === null ? FIRST : FURTHER, send, requestTimeoutMs, signal));
    },
  };
}

const FIRST = "FilterLogEvents";
const FURTHER = "FilterLogEvents nextToken";

function pageOf({ events = [], nextToken }: FilterLogEventsCommandOutput): Page {
  return {
    events: events.map(({ eventId, logStreamName, timestamp, message }) => ({
      id: eventId!,
      stream: logStreamName!,
      timestampMs: timestamp!,
      message: message ?? "",
    })),
    token: nextToken ?? null,
  };
}
