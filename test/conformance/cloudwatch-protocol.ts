import {
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  type CloudWatchLogsClient,
} from "@aws-sdk/client-cloudwatch-logs";
import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import type { LogEvent } from "../../agent/input/cloudwatch-logs/log-event.ts";
import type { LogGroupRequests } from "../../agent/input/cloudwatch-logs/requests.ts";
import type { StreamName } from "../../agent/output/cloudwatch/event-batch.ts";
import type { CloudWatchRequests } from "../../agent/output/cloudwatch/requests.ts";

/** A service that speaks CloudWatch Logs' protocol. Its requests make groups, with a retention of 14 days. */
export interface CloudWatchBed extends AsyncDisposable {
  readonly requests: CloudWatchRequests;
  events(group: string, stream: string): Promise<readonly { timestamp: number; message: string }[]>;
  retentionDays(group: string): Promise<number | null>;
  /** Of the input that reads a group. */
  reader(group: string): LogGroupRequests;
}

const NONE = { tooOldEnd: 0, expiredEnd: 0, tooNewStart: Infinity };

/** What the agent relies on, and what our server claims of CloudWatch Logs, tried on any service. */
export function cloudWatchClaims(name: string, open: () => Promise<CloudWatchBed>): void {
  test(`${name}: what is not there is missing, until it is made`, async () => {
    await using bed = await open();
    const { put, createStream, createGroup } = bed.requests;
    const stream = nameOf();
    const body = bodyOf(stream, [{ timestamp: Date.now(), message: "x" }]);
    expect(await put(stream, body)).toBe("missing");
    expect(await createStream(stream)).toBe("missing");
    await createGroup(stream.group);
    expect(await put(stream, body)).toBe("missing");
    expect(await createStream(stream)).toBe("there");
    expect(await put(stream, body)).toEqual(NONE);
    expect(await bed.retentionDays(stream.group)).toBe(14);
  });

  test(`${name}: what is there is made again without harm`, async () => {
    await using bed = await open();
    const stream = nameOf();
    for (let time = 0; time < 2; time++) {
      await bed.requests.createGroup(stream.group);
      expect(await bed.requests.createStream(stream)).toBe("there");
    }
  });

  test(`${name}: a body that the SDK did not make is taken as it is`, async () => {
    await using bed = await open();
    const stream = nameOf();
    await bed.requests.createGroup(stream.group);
    await bed.requests.createStream(stream);
    const events = ['"quoted" \\ ümläut', "\u{1f600}\n"].map((message, index) => ({
      timestamp: Date.now() + index,
      message,
    }));
    expect(await bed.requests.put(stream, bodyOf(stream, events))).toEqual(NONE);
    const stored = await bed.events(stream.group, stream.stream);
    expect(stored.map(({ timestamp, message }) => ({ timestamp, message }))).toEqual(events);
  });

  test(`${name}: events that are not in order of time are refused`, async () => {
    await using bed = await open();
    const stream = nameOf();
    await bed.requests.createGroup(stream.group);
    await bed.requests.createStream(stream);
    const events = [1000, 0].map((ms) => ({ timestamp: Date.now() - ms, message: "x" })).toReversed();
    await expect(bed.requests.put(stream, bodyOf(stream, events))).rejects.toMatchObject({
      kind: "content",
      code: "InvalidParameterException",
    });
  });
}

/** What others than the agent ask before they write (Fluentd does, in `npm run bench`), tried on any service. */
export function describeClaims(
  name: string,
  open: () => Promise<CloudWatchBed & { readonly client: CloudWatchLogsClient }>,
): void {
  test(`${name}: groups and streams are described by the start of their names`, async () => {
    await using bed = await open();
    const { group } = nameOf();
    for (const each of [`${group}/a`, `${group}/b`]) await bed.requests.createGroup(each);
    for (const stream of ["one-2", "one-1", "two"]) await bed.requests.createStream({ group: `${group}/a`, stream });
    const { logGroups } = await bed.client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: `${group}/` }));
    expect(logGroups?.map(({ logGroupName }) => logGroupName)).toEqual([`${group}/a`, `${group}/b`]);
    const asked = { logGroupName: `${group}/a`, logStreamNamePrefix: "one" };
    const { logStreams } = await bed.client.send(new DescribeLogStreamsCommand(asked));
    expect(logStreams?.map(({ logStreamName }) => logStreamName)).toEqual(["one-1", "one-2"]);
    const nowhere = new DescribeLogStreamsCommand({ logGroupName: `${group}/c` });
    await expect(bed.client.send(nowhere)).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  });
}

/** What the input relies on of FilterLogEvents, tried on any service. */
export function filterClaims(name: string, open: () => Promise<CloudWatchBed>): void {
  test(`${name}: the events of all streams between two times are found, each with an id of its own that stays`, async () => {
    await using bed = await open();
    const { group } = nameOf();
    const startMs = Date.now() - 60_000;
    for (const stream of ["one", "two"])
      await putNew(
        bed,
        { group, stream },
        [-1, 0, 1, 999, 1000].map((ms) => ({ timestamp: startMs + ms, message: `${stream} ${ms}` })),
      );
    const asked = { prefix: null, startMs, endMs: startMs + 1000, token: null };
    const { events, token } = await bed.reader(group).page(asked);
    expect(token).toBeNull();
    const found = events.map(({ stream, timestampMs, message }) => `${stream} ${timestampMs - startMs}: ${message}`);
    expect(found.toSorted()).toEqual(
      ["one", "two"].flatMap((stream) => ["0", "1", "999"].map((ms) => `${stream} ${ms}: ${stream} ${ms}`)),
    );
    const again = await bed.reader(group).page(asked);
    expect(idsOf(again.events)).toEqual(idsOf(events));
    expect(new Set(idsOf(events)).size).toBe(6);
  });

  test(`${name}: more than 10,000 events come in pages, none is left out or comes twice`, async () => {
    await using bed = await open();
    const { group, stream } = nameOf();
    const startMs = Date.now() - 60_000;
    for (const from of [0, 10_000])
      await putNew(
        bed,
        { group, stream },
        Array.from({ length: from === 0 ? 10_000 : 50 }, (_, n) => ({ timestamp: startMs, message: `${from + n}` })),
      );
    const events: LogEvent[] = [];
    let token: string | null = null;
    let pages = 0;
    do {
      const page = await bed.reader(group).page({ prefix: null, startMs, endMs: startMs + 1, token });
      events.push(...page.events);
      ({ token } = page);
      pages++;
    } while (token !== null);
    expect(pages).toBeGreaterThan(1);
    expect(events).toHaveLength(10_050);
    expect(new Set(idsOf(events)).size).toBe(10_050);
  });

  test(`${name}: a group that is not there is a fault that someone must act on`, async () => {
    await using bed = await open();
    const asked = { prefix: null, startMs: 0, endMs: 1, token: null };
    await expect(bed.reader("/aws/eks/nowhere/cluster").page(asked)).rejects.toMatchObject({
      kind: "permanent",
      code: "ResourceNotFoundException",
      message: expect.stringContaining("turn on the logs of the cluster's control plane") as string,
    });
  });
}

function idsOf(events: readonly LogEvent[]): string[] {
  return events.map(({ id }) => id).toSorted();
}

/** Stores events, in a stream that may be new. */
async function putNew(
  { requests }: CloudWatchBed,
  name: StreamName,
  events: readonly { timestamp: number; message: string }[],
): Promise<void> {
  await requests.createGroup(name.group);
  await requests.createStream(name);
  expect(await requests.put(name, bodyOf(name, events))).toEqual(NONE);
}

/** A name that no other test has. */
function nameOf(): StreamName {
  return { group: `/logs/${randomBytes(6).toString("hex")}`, stream: "a.b/c" };
}

export function bodyOf(
  { group, stream }: StreamName,
  events: readonly { timestamp: number; message: string }[],
): readonly Buffer[] {
  return [Buffer.from(JSON.stringify({ logGroupName: group, logStreamName: stream, logEvents: events }))];
}
