import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  GetLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { randomBytes } from "node:crypto";
import { openCloudWatch } from "../agent/output/cloudwatch/bed.ts";
import { createLogGroupRequests } from "../../agent/input/cloudwatch-logs/requests.ts";
import { inputConfig } from "../agent/input/cloudwatch-logs/bed.ts";
import { cloudWatchClaims, describeClaims, filterClaims } from "../conformance/cloudwatch-protocol.ts";
import { streamConformance } from "../conformance/stream.ts";
import { endpoint } from "./moto.ts";

const NEVER = new AbortController().signal;
const client = new CloudWatchLogsClient({ endpoint, region: "us-east-1" });

async function eventsOf(logGroupName: string, logStreamName: string) {
  const events: { timestamp: number; message: string }[] = [];
  for (let token: string | undefined; ;) {
    const page = await client.send(
      new GetLogEventsCommand({
        logGroupName,
        logStreamName,
        startFromHead: true,
        ...(token !== undefined && { nextToken: token }),
      }),
    );
    for (const { timestamp = 0, message = "" } of page.events ?? []) events.push({ timestamp, message });
    if (page.nextForwardToken === token || (page.events ?? []).length === 0) return events;
    token = page.nextForwardToken;
  }
}

for (const logKey of [null, "log"] as const)
  streamConformance(
    `cloudwatch_logs on moto, log_key ${logKey}`,
    async () => {
      const group = `group-${randomBytes(6).toString("hex")}`;
      await client.send(new CreateLogGroupCommand({ logGroupName: group }));
      return {
        output: openCloudWatch(endpoint, { logGroupName: group, logKey, requestTimeoutMs: 30_000 }).output,
        received: async () => {
          const { logStreams = [] } = await client.send(new DescribeLogStreamsCommand({ logGroupName: group }));
          const events = await Promise.all(logStreams.map(({ logStreamName }) => eventsOf(group, logStreamName!)));
          const messages = events.flat().map(({ message }) => message);
          if (logKey !== null) return messages;
          return messages.map((message) => (JSON.parse(message) as { log: string }).log);
        },
        [Symbol.asyncDispose]: async () => await Promise.resolve(),
      };
    },
    BigInt(Date.now() - 3_600_000) * 1_000_000n,
  );

const openMoto = async () => {
  const options = { autoCreateGroup: true, logRetentionDays: 14, requestTimeoutMs: 30_000 };
  return await Promise.resolve({
    client,
    requests: openCloudWatch(endpoint, options).once,
    events: eventsOf,
    reader: (group: string) => createLogGroupRequests(inputConfig(endpoint, { logGroupName: group }), NEVER),
    retentionDays: async (logGroupNamePrefix: string) => {
      const { logGroups = [] } = await client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix }));
      return logGroups[0]?.retentionInDays ?? null;
    },
    [Symbol.asyncDispose]: async () => await Promise.resolve(),
  });
};
cloudWatchClaims("moto", openMoto);
describeClaims("moto", openMoto);
filterClaims("moto", openMoto);
