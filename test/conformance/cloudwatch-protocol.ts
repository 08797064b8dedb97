import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import type { StreamName } from "../../agent/output/cloudwatch/event-batch.ts";
import type { CloudWatchRequests } from "../../agent/output/cloudwatch/requests.ts";

/** A service that speaks CloudWatch Logs' protocol. Its requests make groups, with a retention of 14 days. */
export interface CloudWatchBed extends AsyncDisposable {
  readonly requests: CloudWatchRequests;
  events(group: string, stream: string): Promise<readonly { timestamp: number; message: string }[]>;
  retentionDays(group: string): Promise<number | null>;
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
