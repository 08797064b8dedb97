import { expect, test } from "vitest";
import type { ObjectEncoder } from "../../../agent/encode/encoder.ts";
import type { ObjectStore } from "../../../agent/output/object-store.ts";
import { createObjectOutput } from "../../../agent/output/objects.ts";
import { batchOf, HOUR_NS, originOf } from "../encode/rows.ts";

/** A store in memory, and an encoder that holds `heldBytes` a batch until it is flushed. */
function memoryOutput(heldBytes = 0) {
  const visible = new Map<string, string>();
  const events: string[] = [];
  const store: ObjectStore = {
    create: (name) => {
      const chunks: Buffer[] = [];
      return {
        write: async (chunk) => await Promise.resolve(void chunks.push(chunk)),
        seal: async () => await Promise.resolve(void events.push(`seal ${name}`)),
        publish: async (key) => await Promise.resolve(void visible.set(key, Buffer.concat(chunks).toString())),
        abandon: async () => await Promise.resolve(void events.push(`abandon ${name}`)),
      };
    },
    exists: async (key) => await Promise.resolve(visible.has(key)),
    clean: async (owner) => await Promise.resolve(void events.push(`clean ${owner}`)),
  };
  const name = { cluster: "c", node: "n", life: "life", extension: "json" } as const;
  const createEncoder = () => textEncoder(heldBytes, events);
  const output = createObjectOutput({ id: "out", recorded: {}, store, name, createEncoder, probe: () => undefined });
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
  const delivery = output.begin({ seq: 7 });
  expect(await delivery.accept(batchAt(0, "a"))).toBe(true);
  expect(await delivery.accept(batchAt(0, "b"))).toBe(true);
  const key = "cluster=c/dt=2026-11-21/hour=05/n-life-out-7.json";
  expect(await delivery.seal()).toEqual({ keys: [key], records: 2, bytes: 2 });
  expect(visible.size).toBe(0);
  await delivery.publish("sha");
  expect([...visible]).toEqual([[key, "ab"]]);
});

test("each event hour has its own object, whose name says its hour", async () => {
  const { output, visible } = memoryOutput();
  const delivery = output.begin({ seq: 7 });
  await delivery.accept(batchAt(0, "a"));
  await delivery.accept(batchAt(20, "b"));
  await delivery.seal();
  await delivery.publish("sha");
  expect([...visible]).toEqual([
    [`cluster=c/dt=2026-11-21/hour=05/n-life-out-7-h05.json`, "a"],
    [`cluster=c/dt=2026-11-22/hour=01/n-life-out-7-h01.json`, "b"],
  ]);
});

test("a 25th hour is refused, the 24 open ones go on", async () => {
  const { output } = memoryOutput();
  const delivery = output.begin({ seq: 1 });
  for (let hour = 0; hour < 24; hour++) expect(await delivery.accept(batchAt(hour, "x"))).toBe(true);
  expect(await delivery.accept(batchAt(24, "y"))).toBe(false);
  expect(await delivery.accept(batchAt(3, "z"))).toBe(true);
  const sealed = await delivery.seal();
  expect([sealed.keys.length, sealed.records]).toEqual([24, 25]);
});

test("above the memory bound the fullest hour is flushed early", async () => {
  const { output, events } = memoryOutput(1.5 * 1024 * 1024);
  const delivery = output.begin({ seq: 1 });
  await delivery.accept(batchAt(0, "a"));
  await delivery.accept(batchAt(1, "b"));
  expect(events).toEqual([]);
  await delivery.accept(batchAt(1, "c"));
  expect(events).toEqual(["flush bc"]);
});

test("a shipment is delivered only if every object of it is there", async () => {
  const { output, visible } = memoryOutput();
  const entry = { seq: 1, readTimeMs: 0, output: {}, keys: ["a", "b"], ranges: [], lost: [] };
  visible.set("a", "");
  expect(await output.isDelivered(entry)).toBe(false);
  visible.set("b", "");
  expect(await output.isDelivered(entry)).toBe(true);
});

test("an abandoned shipment abandons all its objects; cleaning means this life and output alone", async () => {
  const { output, events } = memoryOutput();
  const delivery = output.begin({ seq: 1 });
  await delivery.accept(batchAt(0, "a"));
  await delivery.accept(batchAt(1, "b"));
  await delivery.abandon();
  await output.clean();
  expect(events.filter((event) => event !== "release")).toEqual([
    expect.stringMatching(/^abandon life-out-1-/),
    expect.stringMatching(/^abandon life-out-1-/),
    "clean life-out-",
  ]);
});
