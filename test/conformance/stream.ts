import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import type { Output, Outcome } from "../../agent/output/output.ts";
import { batchOf, HOUR_NS, originOf } from "../agent/encode/rows.ts";

/** An output that sends to a place which is empty at first, and what arrives there. */
export interface StreamBed extends AsyncDisposable {
  readonly output: Output;
  /** The messages that arrived, in the order in which they did. */
  received(): Promise<readonly string[]>;
}

const NEVER = new AbortController().signal;
const HEADER = { seq: 1, planId: "0123456789abcdef0123456789abcdef", replay: false };

/**
 * What every output promises that sends at least once. `open` makes an empty place for each test; the records are of
 * about `ns` (since 1970), as some services mind their age.
 */
export function streamConformance(name: string, open: () => Promise<StreamBed>, ns = HOUR_NS): void {
  const batchOfLogs = (texts: readonly string[], chain: string, from = 0) =>
    batchAt(ns + BigInt(from) * 1_000_000n, texts, chain);
  const ship = async (output: Output, texts: readonly string[]): Promise<void> => {
    const delivery = output.begin(HEADER, NEVER);
    expect(await delivery.accept(...batchOfLogs(texts, "a"))).toBe(true);
    await delivery.seal();
    expect(((await delivery.publish()) as Outcome).undelivered.size).toBe(0);
  };

  test(`${name}: nothing is sent before it is published, then all of it once, in order by chain`, async () => {
    await using bed = await open();
    const delivery = bed.output.begin(HEADER, NEVER);
    const sent = { a: logs("a", 300), b: logs("b", 200) };
    for (const from of [0, 100, 200]) {
      for (const chain of ["a", "b"] as const)
        expect(await delivery.accept(...batchOfLogs(sent[chain].slice(from, from + 100), chain, from))).toBe(true);
    }
    expect(await delivery.seal()).toMatchObject({ keys: [], records: 500 });
    expect(await bed.received()).toEqual([]);
    const outcome = (await delivery.publish()) as Outcome;
    expect(outcome).toMatchObject({ refused: [], records: 500 });
    expect([outcome.undelivered.size, outcome.bytes > 0]).toEqual([0, true]);
    const received = await bed.received();
    expect(received.length).toBe(500);
    for (const chain of ["a", "b"] as const)
      expect(received.filter((log) => log.startsWith(`${chain} `))).toEqual(sent[chain]);
  });

  test(`${name}: messages arrive as they are`, async () => {
    await using bed = await open();
    const texts = ['"quoted" \\ and \t tabbed', "ümläut \u{1f600} \u2028", '{"json":"text"}', "x".repeat(200_000)];
    await ship(bed.output, texts);
    expect(await bed.received()).toEqual(texts);
  });

  test(`${name}: what is accepted may be overwritten by the caller at once`, async () => {
    await using bed = await open();
    const delivery = bed.output.begin(HEADER, NEVER);
    const [batch, source] = batchOfLogs(["first"], "a");
    await delivery.accept(batch, source);
    batch.bytes.fill("z");
    await delivery.seal();
    await delivery.publish();
    expect(await bed.received()).toEqual(["first"]);
  });

  test(`${name}: what is abandoned is not sent, and the next shipment is`, async () => {
    await using bed = await open();
    const delivery = bed.output.begin(HEADER, NEVER);
    await delivery.accept(...batchOfLogs(["given up"], "a"));
    await delivery.abandon();
    const sealed = bed.output.begin(HEADER, NEVER);
    await sealed.accept(...batchOfLogs(["given up too"], "a"));
    await sealed.seal();
    await sealed.abandon();
    await ship(bed.output, ["sent"]);
    expect(await bed.received()).toEqual(["sent"]);
  });

  test(`${name}: a shipment takes no more than what is in flight together, says so, and refuses the rest`, async () => {
    await using bed = await open();
    const delivery = bed.output.begin(HEADER, NEVER);
    const accepted: string[] = [];
    for (let number = 0; ; number++) {
      // Random, so that it is no smaller compressed.
      const texts = [`${number} ${randomBytes(150_000).toString("base64")}`];
      const { isFull } = delivery;
      const isAccepted = await delivery.accept(...batchOfLogs(texts, "a"));
      expect(isFull).toBe(!isAccepted);
      if (!isAccepted) break;
      accepted.push(...texts);
      expect(number).toBeLessThan(200);
    }
    await delivery.seal();
    const outcome = (await delivery.publish()) as Outcome;
    expect(outcome.records).toBe(accepted.length);
    // Requests that are in flight together arrive in any order.
    const received = (await bed.received()).map((log) => Number.parseInt(log)).toSorted((a, b) => a - b);
    expect(received).toEqual(accepted.map((_, index) => index));
  });

  test(`${name}: when the signal ends it before a request, nothing of it counts as delivered`, async () => {
    await using bed = await open();
    const stop = new AbortController();
    const delivery = bed.output.begin(HEADER, stop.signal);
    await delivery.accept(...batchOfLogs(["a 1"], "a"));
    await delivery.seal();
    stop.abort(new Error("stopped"));
    const outcome = (await delivery.publish()) as Outcome;
    expect([[...outcome.undelivered.keys()], outcome.records, outcome.bytes]).toEqual([["a"], 0, 0]);
    expect(await bed.received()).toEqual([]);
  });
}

function logs(chain: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${chain} ${index}`);
}

function batchAt(ns: bigint, texts: readonly string[], chain: string) {
  const rows = texts.map((log, index) => ({
    log,
    ns: ns + BigInt(index) * 1_000_000n,
    stream: "stdout" as const,
  }));
  const origin = originOf({ file: `node-1/pod/container/${chain}` });
  return [batchOf(origin, rows), { chain, rawBytes: new Uint32Array(texts.length).fill(1) }] as const;
}
