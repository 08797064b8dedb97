import { createReadStream, createWriteStream, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createGzip } from "node:zlib";
import { expect, test } from "vitest";
import type { Delivery, Output } from "../../../../agent/output/output.ts";
import { fakeOutput, openBed, restartBed, type FakeOutput } from "../../bed.ts";
import { append, cri, T0_MS } from "../../fixture.ts";

const FILE_BYTES = 12_000_000;
/** Beside buffers of a fixed size; what is read is 48 MB. */
const MORE_BYTES_MAX = 2_000_000;
const PADDING = ` ${"x".repeat(250)}`;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Lines with ascending numbers from `first` on, as many as fill a file. */
function numberedLines(first: number): { text: string; next: number } {
  const lines: string[] = [];
  let next = first;
  for (let bytes = 0; bytes < FILE_BYTES; next++) {
    const line = cri("stdout", "F", `${String(next).padStart(8, "0")}${PADDING}`);
    bytes += line.length;
    lines.push(line);
  }
  return { text: lines.join(""), next };
}

interface Counted {
  readonly output: FakeOutput;
  /** Records so far, the first that did not have the next number, and memory outside the heap at its highest. */
  readonly seen: { records: number; wrong: string | null; externalBytesMax: number };
}

/** An output that keeps nothing, checks that the numbers are 0, 1, 2 … and measures memory at each batch. */
function countingOutput(): Counted {
  const seen: Counted["seen"] = { records: 0, wrong: null, externalBytesMax: 0 };
  const begin = ({ seq }: Parameters<Output["begin"]>[0]): Delivery => ({
    accept: async (batch) => {
      for (let at = 0; at < batch.count; at++, seen.records++) {
        const number = batch.bytes.toString("latin1", batch.start[at], batch.start[at]! + 8);
        if (Number(number) !== seen.records) seen.wrong ??= `${number} came as ${seen.records}`;
      }
      seen.externalBytesMax = Math.max(seen.externalBytesMax, process.memoryUsage().external);
      return await Promise.resolve(true);
    },
    seal: async () => await Promise.resolve({ keys: [`object-${seq}`], taken: null, records: seen.records, bytes: 0 }),
    publish: async () => await Promise.resolve(),
    abandon: async () => await Promise.resolve(),
  });
  return { output: { ...fakeOutput(), begin }, seen };
}

/** Buffers of streams that ended are given back by a later turn. */
async function externalBytes(): Promise<number> {
  collectGarbage();
  await nextTurn();
  collectGarbage();
  return process.memoryUsage().external;
}

test("a burst of several rotations between two looks is shipped in order, in memory that does not depend on its size", async () => {
  const { output, seen } = countingOutput();
  await using bed = await openBed({ output });
  const path = join(bed.logs, "a.log");
  append(path, cri("stdout", "F", "00000000"));
  await bed.run(T0_MS);
  let next = 1;
  for (let rotation = 1; rotation <= 4; rotation++) {
    const lines = numberedLines(next);
    append(path, lines.text);
    ({ next } = lines);
    if (rotation < 4) renameSync(path, `${path}.20261121-05000${rotation}`);
  }
  const before = await externalBytes();
  await bed.run(T0_MS + 1000);
  await bed.run(T0_MS + 11_000);
  expect([seen.wrong, seen.records]).toEqual([null, next]);
  expect(seen.externalBytesMax - before).toBeLessThan(MORE_BYTES_MAX);
});

test("a large compressed file is shipped whole, in memory that does not depend on its size", async () => {
  await using empty = await openBed();
  const path = join(empty.logs, "a.log");
  const plain = `${path}.20261121-050001`;
  let next = 0;
  for (let part = 1; part <= 4; part++) {
    const lines = numberedLines(next);
    append(plain, lines.text);
    ({ next } = lines);
  }
  await pipeline(createReadStream(plain), createGzip({ level: 1 }), createWriteStream(`${plain}.gz`));
  rmSync(plain);
  writeFileSync(path, "");
  const { output, seen } = countingOutput();
  await using bed = await restartBed(empty, { output });
  const before = await externalBytes();
  await bed.run(T0_MS);
  await bed.run(T0_MS + 10_000);
  expect([seen.wrong, seen.records]).toEqual([null, next]);
  expect(seen.externalBytesMax - before).toBeLessThan(MORE_BYTES_MAX);
});
