import { readFileSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import { openJournal } from "../../../agent/state/journal.ts";
import { stateWritten } from "../../../agent/state/written.ts";
import { openPositions, type Range, type ShipmentEntry } from "../../../agent/state/positions.ts";
import { tempFolder } from "../fixture.ts";

function rangeOf(chain: string, offset: number): Range {
  return {
    chain,
    segments: [{ file: chain, end: offset }],
    ended: false,
    cursor: { file: chain, offset, check: 1, open: [] },
  };
}

function entryOf(seq: number, ranges: readonly Range[], keys: readonly string[] = [`k${seq}`]): ShipmentEntry {
  const none = { lost: [], records: 0, filtered: [] };
  return { seq, planId: `plan-${seq}`, readTimeMs: 1000 + seq, output: { plugin: "null" }, keys, ranges, ...none };
}

const id = fc.constantFrom("a", "b", "c", "0123456789abcdef");
const offset = fc.nat({ max: 2 ** 45 });
const fragment = fc.record({ file: id, start: offset, end: offset });
const range = fc
  .record({
    chain: id,
    before: fc.array(fc.record({ file: id, end: offset }), { maxLength: 2 }),
    file: id,
    offset,
    check: fc.nat({ max: 2 ** 32 - 1 }),
    ended: fc.boolean(),
    open: fc.array(
      fc.record({ stream: fc.constantFrom(1, 2), fragments: fc.array(fragment, { minLength: 1, maxLength: 3 }) }),
      { maxLength: 2 },
    ),
  })
  .map(({ chain, before, file, ended, ...rest }) => ({
    chain,
    ended,
    segments: [...before, { file, end: rest.offset }],
    cursor: { file, ...rest },
  }));

const loss = fc.record({
  file: id,
  path: fc.string({ unit: "binary" }),
  bytes: offset,
  reason: fc.constantFrom("truncated" as const, "deleted" as const, "limit" as const),
});

test("a planned shipment comes back after a restart exactly as it was planned, its id included", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(range, { minLength: 1, maxLength: 3 }),
      fc.array(loss, { maxLength: 2 }),
      async (ranges, lost) => {
        using folder = tempFolder();
        const path = join(folder.path, "j");
        const positions = await openPositions(path);
        const filtered = ranges.map(({ chain }, index) => ({ file: chain, bytes: index, records: 1 }));
        const entry = { ...entryOf(1, ranges), lost, records: ranges.length, filtered };
        await positions.plan(entry);
        await positions.close();
        const again = await openPositions(path);
        expect(again.unresolved).toEqual(entry);
        expect([again.cursors.size, again.nextSeq]).toEqual([0, 2]);
        await again.close();
      },
    ),
    { numRuns: 30 },
  );
});

test("positions move with the commit, not with the plan", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "j");
  const positions = await openPositions(path);
  await positions.plan(entryOf(1, [rangeOf("a", 10), rangeOf("b", 20)]));
  expect(positions.cursors.size).toBe(0);
  await positions.commit();
  await positions.plan(entryOf(2, [rangeOf("a", 30)]));
  await positions.close();
  const again = await openPositions(path);
  expect([...again.cursors].map(([chain, cursor]) => [chain, cursor.offset])).toEqual([["a", 10], ["b", 20]]); // prettier-ignore
  await again.commit();
  expect(again.cursors.get("a")?.offset).toBe(30);
  await expect(again.commit()).rejects.toThrow("no shipment is planned");
  await again.close();
});

test("compaction keeps every position and the numbering, and the file stays small", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "j");
  const positions = await openPositions(path);
  const keys = ["x".repeat(50_000)];
  for (let seq = 1; seq <= 12; seq++) {
    await positions.plan(entryOf(seq, [rangeOf(`chain-${seq % 5}`, seq)], keys));
    await positions.commit();
  }
  const expected = new Map(positions.cursors);
  await positions.close();
  expect(readFileSync(path).length).toBeLessThan(400_000);
  const again = await openPositions(path);
  expect(new Map(again.cursors)).toEqual(expected);
  expect(again.nextSeq).toBe(13);
  await again.close();
});

test("where reading of a file ended that lies behind a cursor is known after a restart, and after a compaction, until it is forgotten", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "j");
  let positions = await openPositions(path);
  const both = ["old", "older"].map((file, index) => ({ file, end: 70 + index }));
  const moved = { ...rangeOf("a", 10), segments: [...both, { file: "a", end: 10 }] };
  await positions.plan(entryOf(1, [moved]));
  expect([...positions.passed]).toEqual([]);
  const restart = async (): Promise<void> => {
    await positions.close();
    positions = await openPositions(path);
  };
  await restart();
  await positions.commit();
  await restart();
  expect([...positions.passed]).toEqual([["old", 70], ["older", 71]]); // prettier-ignore
  positions.forgetPassed((file) => file === "old");
  const keys = ["x".repeat(300_000)];
  for (let seq = 2; seq <= 4; seq++) {
    await positions.plan(entryOf(seq, [rangeOf("a", 10 + seq)], seq === 2 ? keys : []));
    await positions.commit();
  }
  await restart();
  expect(readFileSync(path).length).toBeLessThan(3000);
  expect([...positions.passed]).toEqual([["old", 70]]);
  await positions.close();
});

test("a forgotten chain stays forgotten after the next commit and a restart", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "j");
  const positions = await openPositions(path);
  await positions.plan(entryOf(1, [rangeOf("a", 10), rangeOf("b", 20)]));
  await positions.commit();
  positions.forget("a");
  positions.forget("never there");
  await positions.plan(entryOf(2, [rangeOf("b", 30)]));
  await positions.commit();
  await positions.close();
  const again = await openPositions(path);
  expect([...again.cursors.keys()]).toEqual(["b"]);
  await again.close();
});

test("an aborted shipment moves nothing, and its number is never used again", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "j");
  const positions = await openPositions(path);
  await expect(positions.abort()).rejects.toThrow("no shipment is planned");
  await positions.plan(entryOf(1, [rangeOf("a", 10)]));
  await positions.abort();
  expect([positions.unresolved, positions.cursors.size, positions.nextSeq]).toEqual([null, 0, 2]);
  await positions.close();
  const again = await openPositions(path);
  expect([again.unresolved, again.cursors.size, again.nextSeq]).toEqual([null, 0, 2]);
  await again.close();
});

test("a journal that is made anew numbers from where it is told, one that is there goes on", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "j");
  const positions = await openPositions(path, { firstSeq: 500 });
  expect(positions.nextSeq).toBe(500);
  await positions.plan(entryOf(500, [rangeOf("a", 10)]));
  await positions.close();
  const again = await openPositions(path, { firstSeq: 9000 });
  expect(again.nextSeq).toBe(501);
  await again.close();
});

test("numbers that are skipped stay skipped after a restart", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "j");
  const positions = await openPositions(path);
  positions.skipTo(1000);
  positions.skipTo(5);
  await positions.plan(entryOf(positions.nextSeq, [rangeOf("a", 10)]));
  await positions.close();
  const again = await openPositions(path);
  expect(again.nextSeq).toBe(1001);
  await again.close();
});

test("what was delivered without a plan is there after a restart, wherever chains were read on, new, ended or gone", async () => {
  const step = fc.record({
    ranges: fc.uniqueArray(range, { maxLength: 3, selector: ({ chain }) => chain }),
    lost: fc.array(loss, { maxLength: 1 }),
    more: fc.array(loss, { maxLength: 1 }),
    gone: fc.option(id),
    reopens: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      using folder = tempFolder();
      const path = join(folder.path, "j");
      let positions = await openPositions(path);
      try {
        for (const { ranges, lost, more, gone, reopens } of steps) {
          positions.delivered({ ...entryOf(positions.nextSeq, ranges), lost });
          await positions.commit(more);
          const { cursors, passed, nextSeq, unsaid } = positions;
          expect(unsaid).toEqual([...lost, ...more]);
          if (reopens) {
            await positions.close();
            positions = await openPositions(path);
          }
          expect(positions).toMatchObject({ unresolved: null, nextSeq, unsaid });
          expect([positions.cursors, positions.passed]).toEqual([cursors, passed]);
          if (gone !== null) positions.forget(gone);
        }
      } finally {
        await positions.close();
      }
    }),
    { numRuns: 60 },
  );
});

test("a chain that was read on costs a delivered shipment some 25 bytes, also behind a compaction", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "j");
  let positions = await openPositions(path);
  const shipments = 800;
  const chains = Array.from({ length: 30 }, (_, index) => `0123456789abcd${10 + index}`);
  const deliver = async (seq: number): Promise<void> => {
    const ranges = chains.map((chain, index) => rangeOf(chain, seq * 35_000 + index));
    const cursors = ranges.map((each) => ({ ...each, cursor: { ...each.cursor, check: 4_000_000_000 + seq } }));
    positions.delivered(entryOf(seq, cursors, []));
    await positions.commit();
  };
  const before = stateWritten.bytes;
  for (let seq = 1; seq <= shipments; seq++) await deliver(seq);
  // Each shipment stands for a megabyte: a thousandth of it is the budget.
  expect((stateWritten.bytes - before) / shipments).toBeLessThan(30 * 25 + 60);
  expect(readFileSync(path).length).toBeLessThan(600_000);
  await positions.close();
  positions = await openPositions(path);
  expect([...positions.cursors.values()].map((cursor) => cursor.offset)).toEqual(
    chains.map((_, index) => shipments * 35_000 + index),
  );
  await positions.close();
});

test("a delivered shipment whose commit failed is committed by the next try, once, and not known after a crash", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "j");
  let positions = await openPositions(path);
  for (const seq of [1, 2]) {
    positions.delivered(entryOf(seq, [rangeOf("a", seq * 10), rangeOf(`new-${seq}`, 1)]));
    if (seq === 1) await positions.commit();
  }
  const datasync = vi.spyOn(await handlePrototype(path), "datasync");
  datasync.mockRejectedValueOnce(new Error("EIO: i/o error"));
  await expect(positions.commit()).rejects.toThrow("EIO");
  expect([positions.unresolved?.seq, positions.cursors.get("a")?.offset]).toEqual([2, 10]);
  const other = await openPositions(path);
  expect([other.unresolved, other.nextSeq, other.cursors.get("a")?.offset]).toEqual([null, 2, 10]);
  await other.close();
  await positions.commit();
  await positions.close();
  positions = await openPositions(path);
  expect([positions.nextSeq, positions.cursors.get("a")?.offset, positions.cursors.size]).toEqual([3, 20, 3]);
  await positions.close();
});

test.each(["plan", "commit", "abort"] as const)(
  "after a failed fsync of a %s the journal is written anew from what is known, and goes on",
  async (step) => {
    using folder = tempFolder();
    const path = join(folder.path, "j");
    const positions = await openPositions(path);
    await positions.plan(entryOf(1, [rangeOf("a", 10)]));
    await positions.commit();
    const next = entryOf(2, [rangeOf("a", 20), rangeOf("b", 5)]);
    const act = { plan: () => positions.plan(next), commit: () => positions.commit(), abort: () => positions.abort() };
    if (step !== "plan") await positions.plan(next);
    const datasync = vi.spyOn(await handlePrototype(path), "datasync");
    datasync.mockRejectedValueOnce(new Error("EIO: i/o error"));
    await expect(act[step]()).rejects.toThrow("EIO");
    expect([positions.nextSeq, positions.cursors.get("a")?.offset]).toEqual([step === "plan" ? 2 : 3, 10]);
    await act[step]();
    const expected = [positions.unresolved, new Map(positions.cursors), positions.nextSeq];
    await positions.close();
    const again = await openPositions(path);
    expect([again.unresolved, new Map(again.cursors), again.nextSeq]).toEqual(expected);
    await again.close();
  },
);

test("a compaction that fails is said, fails no shipment, and is tried again later", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "j");
  const errors: string[] = [];
  const positions = await openPositions(path, { onCompactionError: (error) => errors.push(error.message) });
  const sync = vi.spyOn(await handlePrototype(path), "sync");
  sync.mockRejectedValueOnce(new Error("ENOSPC: no space left on device"));
  const keys = ["x".repeat(50_000)];
  for (let seq = 1; seq <= 10; seq++) {
    await positions.plan(entryOf(seq, [rangeOf("a", seq)], keys));
    await positions.commit();
  }
  expect(errors).toEqual([`cannot write the state: ${path}: ENOSPC: no space left on device`]);
  await positions.close();
  expect(readFileSync(path).length).toBeLessThan(300_000);
  const again = await openPositions(path);
  expect([again.cursors.get("a")?.offset, again.nextSeq]).toEqual([10, 11]);
  await again.close();
});

test("a record of a newer agent, or one that resolves another shipment, stops with the file's name", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "j");
  for (const [record, message] of [
    [{ t: "merge" }, `${path}: it has a record "merge" that this logq-agent does not know`],
    [{ t: "commit", seq: 3 }, `${path}: it resolves shipment 3, which is not the one before it`],
    [{ t: "sent", seq: 3, moves: [7, 1, 1] }, `${path}: it moves chain 7, which it does not name before`],
  ] as const) {
    const { journal } = await openJournal(path, "output");
    await journal.rewrite([record]);
    await journal.close();
    const before = readFileSync(path);
    await expect(openPositions(path)).rejects.toThrow(message);
    expect(readFileSync(path)).toEqual(before);
  }
});

/** Of all file handles: where a test puts its fault. */
async function handlePrototype(path: string): Promise<FileHandle> {
  await using handle = await open(path, "r");
  return Object.getPrototypeOf(handle) as FileHandle;
}
