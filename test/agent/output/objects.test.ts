import { expect, test } from "vitest";
import type { ObjectEncoder } from "../../../agent/encode/encoder.ts";
import type { ObjectStore } from "../../../agent/output/object-store.ts";
import { PoisonError, type Output } from "../../../agent/output/output.ts";
import { createObjectOutput } from "../../../agent/output/objects.ts";
import { batchOf, HOUR_NS, originOf } from "../encode/rows.ts";
import { recordingLogger } from "../fixture.ts";

const SOURCE = { chain: "chain", rawBytes: new Uint32Array(8) };

const NEVER = new AbortController().signal;

/** A store in memory, and an encoder that holds `heldBytes` a batch until it is flushed. */
function memoryOutput(heldBytes = 0, held = { bytes: 0, isFull: false }, names: string[] = []) {
  const visible = new Map<string, string>();
  const events: string[] = [];
  const store: ObjectStore = {
    create: (key) => {
      const chunks: Buffer[] = [];
      return {
        heldBytes: held.bytes,
        isFull: held.isFull,
        write: async (chunk) => await Promise.resolve(void chunks.push(chunk)),
        seal: async () => await Promise.resolve(void events.push(`seal ${key}`)),
        publish: async () => await Promise.resolve(void visible.set(key, Buffer.concat(chunks).toString())),
        abandon: async () => await Promise.resolve(void events.push(`abandon ${key}`)),
      };
    },
    exists: async (key) => await Promise.resolve(visible.has(key)),
    listKeys: async () => await Promise.reject(new Error("nobody lists on an ordinary path")),
    read: async () => await Promise.reject(new Error("nobody reads on an ordinary path")),
    clean: async ({ prefix, isOwn }) =>
      await Promise.resolve(void events.push(`clean ${prefix}`, ...names.filter(isOwn))),
  };
  const name = { cluster: "c", node: "n", life: "life", extension: "json" } as const;
  const createEncoder = () => textEncoder(heldBytes, events);
  const { log } = recordingLogger();
  const rest = { createEncoder, probe: () => undefined, log, nowMs: () => 1e9 };
  const output = createObjectOutput({ id: "out", recorded: {}, store, name, ...rest });
  return { output, visible, events };
}

function textEncoder(heldBytes: number, events: string[]): ObjectEncoder {
  let text = "";
  let bufferedBytes = 0;
  return {
    get bufferedBytes() {
      return bufferedBytes;
    },
    append: (batch, from, to) => {
      if (batch.bytes.toString("utf8", batch.start[from], batch.end[from]) === "poison")
        throw new Error("no encoding for poison");
      text += batch.bytes.toString("utf8", batch.start[from], batch.end[to - 1]);
      bufferedBytes += heldBytes;
    },
    flush: () => {
      events.push(`flush ${text}`);
      bufferedBytes = 0;
    },
    take: () => [],
    finish: () => [Buffer.from(text)],
    release: () => void events.push("release"),
  };
}

const batchAt = (hour: number, log: string) =>
  batchOf(originOf(), [{ log, ns: HOUR_NS + BigInt(hour) * 3_600_000_000_000n }]);

test("a shipment of one hour is one object, in the partition of that hour", async () => {
  const { output, visible } = memoryOutput();
  const delivery = output.begin({ seq: 7, planId: "p", replay: false }, NEVER);
  expect(await delivery.accept(batchAt(0, "a"), SOURCE)).toBe(true);
  expect(await delivery.accept(batchAt(0, "b"), SOURCE)).toBe(true);
  const key = "cluster=c/dt=2026-11-21/hour=05/n-life-out-7.json";
  expect(await delivery.seal()).toEqual({ keys: [key], taken: null, records: 2, bytes: 2 });
  expect(visible.size).toBe(0);
  await delivery.publish();
  expect([...visible]).toEqual([[key, "ab"]]);
});

test("each event hour has its own object; the name of all but the first says its hour", async () => {
  const { output, visible } = memoryOutput();
  const delivery = output.begin({ seq: 7, planId: "p", replay: false }, NEVER);
  await delivery.accept(batchAt(0, "a"), SOURCE);
  await delivery.accept(batchAt(20, "b"), SOURCE);
  await delivery.seal();
  await delivery.publish();
  expect([...visible]).toEqual([
    [`cluster=c/dt=2026-11-21/hour=05/n-life-out-7.json`, "a"],
    [`cluster=c/dt=2026-11-22/hour=01/n-life-out-7-h01.json`, "b"],
  ]);
});

test("a 25th hour is refused, the 24 open ones go on", async () => {
  const { output } = memoryOutput();
  const delivery = output.begin({ seq: 1, planId: "p", replay: false }, NEVER);
  for (let hour = 0; hour < 24; hour++) expect(await delivery.accept(batchAt(hour, "x"), SOURCE)).toBe(true);
  expect(await delivery.accept(batchAt(24, "y"), SOURCE)).toBe(false);
  expect(await delivery.accept(batchAt(3, "z"), SOURCE)).toBe(true);
  const sealed = await delivery.seal();
  expect([sealed.keys.length, sealed.records]).toEqual([24, 25]);
});

test("above the memory bound the fullest hour is flushed early", async () => {
  const { output, events } = memoryOutput(1.5 * 1024 * 1024);
  const delivery = output.begin({ seq: 1, planId: "p", replay: false }, NEVER);
  await delivery.accept(batchAt(0, "a"), SOURCE);
  await delivery.accept(batchAt(1, "b"), SOURCE);
  expect(events).toEqual([]);
  await delivery.accept(batchAt(1, "c"), SOURCE);
  expect(events).toEqual(["flush bc"]);
});

test("a shipment is delivered only if every object of it is there", async () => {
  const { output, visible } = memoryOutput();
  const entry = {
    seq: 1,
    planId: "p",
    readTimeMs: 1e9 - 5 * 24 * 3_600_000,
    output: {},
    keys: ["a", "b"],
    ranges: [],
    lost: [],
    records: 0,
    filtered: [],
  };
  visible.set("a", "");
  expect(await output.isDelivered(entry, NEVER)).toBe(false);
  visible.set("b", "");
  expect(await output.isDelivered(entry, NEVER)).toBe(true);
});

test("an abandoned shipment abandons all its objects; cleaning means this life and output alone", async () => {
  const own = ["n-life-out-1.json", "renamed-life-out-12-h05.parquet"];
  const others = ["n-life-out-1-1.json", "n-other-out-1.json", "n-life-x-out-1.json", "life-out-1.json"];
  const { output, events } = memoryOutput(0, undefined, [...own, ...others]);
  const delivery = output.begin({ seq: 1, planId: "p", replay: false }, NEVER);
  await delivery.accept(batchAt(0, "a"), SOURCE);
  await delivery.accept(batchAt(1, "b"), SOURCE);
  await delivery.abandon();
  await output.clean(NEVER);
  expect(events.filter((event) => event !== "release")).toEqual([
    expect.stringMatching(/^abandon cluster=.*life-out-1\.json/),
    expect.stringMatching(/^abandon cluster=.*life-out-1-h06\.json/),
    "clean cluster=c/",
    ...own,
  ]);
});

test("a shipment ends early where an object is full; a replay is refused nothing", async () => {
  const { output } = memoryOutput(0, { bytes: 0, isFull: true });
  expect(await acceptedOf(output, { replay: false }, [0, 0])).toEqual([true, false]);
  expect(await acceptedOf(output, { replay: true }, [0, 0])).toEqual([true, true]);
});

test("where one object takes a part's memory by itself, no second hour is begun beside it; a replay begins all it had", async () => {
  const { output } = memoryOutput(0, { bytes: 5 * 1024 * 1024 + 1, isFull: false });
  expect(await acceptedOf(output, { replay: false }, [0, 0, 1, 0])).toEqual([true, true, false, true]);
  expect(await acceptedOf(output, { replay: true }, [0, 1, 0])).toEqual([true, true, true]);
});

test("several hours share the memory of one", async () => {
  const held = { bytes: 2 * 1024 * 1024, isFull: false };
  const { output } = memoryOutput(0, held);
  expect(await acceptedOf(output, { replay: false }, [0, 1, 2, 3, 0])).toEqual([true, true, true, false, false]);
});

/** Whether batches of these hours, one after the other, have room in a shipment. */
async function acceptedOf(output: Output, header: { readonly replay: boolean }, hours: readonly number[]) {
  const delivery = output.begin({ seq: 1, planId: "p", ...header }, NEVER);
  const accepted: boolean[] = [];
  for (const hour of hours) accepted.push(await delivery.accept(batchAt(hour, "a"), SOURCE));
  return accepted;
}

test("a replay that lost its first hour keeps the names that were journaled", async () => {
  const { output } = memoryOutput();
  const first = output.begin({ seq: 7, planId: "p", replay: false }, NEVER);
  await first.accept(batchAt(0, "a"), SOURCE);
  await first.accept(batchAt(1, "b"), SOURCE);
  const { keys } = await first.seal();
  const again = output.begin({ seq: 7, planId: "p", replay: true, keys }, NEVER);
  await again.accept(batchAt(1, "b"), SOURCE);
  expect((await again.seal()).keys).toEqual([keys[1]]);
});

test("a shipment can be forbidden as long as nothing of it is there", async () => {
  const { output, visible } = memoryOutput();
  const entry = {
    seq: 1,
    planId: "p",
    readTimeMs: 0,
    output: {},
    keys: ["a", "b"],
    ranges: [],
    lost: [],
    records: 0,
    filtered: [],
  };
  expect(await output.forbid(entry, NEVER)).toBe(true);
  visible.set("b", "");
  expect(await output.forbid(entry, NEVER)).toBe(false);
});

test("records that the encoder throws at are poison, tried alone too; what the store throws is not", async () => {
  const { output } = memoryOutput();
  const delivery = output.begin({ seq: 1, planId: "p", replay: false }, NEVER);
  await expect(delivery.accept(batchAt(0, "poison"), SOURCE)).rejects.toThrow(PoisonError);
  await expect(output.tryEncode!(batchAt(0, "poison"))).rejects.toThrow("no encoding for poison");
  await output.tryEncode!(batchAt(0, "fine"));
});
