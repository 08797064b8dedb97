import { readFileSync } from "node:fs";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { generateTree } from "../../bench/generate/tree.ts";
import { listObjects } from "../helpers/compare-store.ts";
import { makeNodeBed, type NodeBed } from "../helpers/node-bed.ts";
import { listChains } from "../helpers/source-chains.ts";
import { expectedRecords } from "../helpers/source-counter.ts";

/** What consumers of Fluent Bit's shape read of a line. */
interface Line {
  readonly date: string;
  readonly stream?: string;
  readonly _p?: string;
  readonly log: string;
  readonly kubernetes: { readonly pod_id: string; readonly container_name: string };
}

const LINES = 20_000;

test.each([
  ["gzip", "json.gz", gunzipSync],
  ["zstd", "json.zst", zstdDecompressSync],
] as const)("json_lines in %s hold every record once, each as JSON", async (compression, extension, decompress) => {
  await using bed = await makeNodeBed({ output: { format: "json_lines", compression } });
  writeLogs(bed);
  await bed.shipOnce();
  const text = listObjects(bed.store, extension).map((path) => decompress(readFileSync(path)).toString("utf8"));
  expectEveryRecordOnce(bed, text.join(""));
  await bed.shipOnce();
  expect(listObjects(bed.store, extension)).toHaveLength(text.length);
});

test("stdout gets every record once, each as a line of JSON and nothing else, and --once exits 0", async () => {
  await using bed = await makeNodeBed({ output: { name: "stdout" } });
  writeLogs(bed);
  const { code, stdout } = await bed.run("--once");
  expect(code).toBe(0);
  expectEveryRecordOnce(bed, stdout);
});

function writeLogs(bed: NodeBed): void {
  generateTree({
    root: bed.root,
    pods: 6,
    sizes: "zipf",
    amount: { lines: LINES },
    seed: 5,
    startMs: Date.parse("2026-03-01T10:40:00Z"),
    linesPerSecond: 10,
    hard: true,
    hardEvery: 200,
    fileBytesMax: 500_000,
  });
  bed.makeQuiet();
}

/** As multisets of container, time, stream, mark of a cut, and message. */
function expectEveryRecordOnce(bed: NodeBed, text: string): void {
  const left = new Map<string, number>();
  let expected = 0;
  for (const chain of listChains(bed.pods)) {
    for (const { tsNs, stream, log, cut } of expectedRecords(chain)) {
      const mark = stream === null ? null : cut === "limit" ? "P" : "F";
      const date = tsNs === null ? null : microseconds(tsNs);
      const key = JSON.stringify([chain.podId, chain.container, date, stream, mark, log]);
      left.set(key, (left.get(key) ?? 0) + 1);
      expected++;
    }
  }
  const unexpected: string[] = [];
  const lines = text.split("\n");
  expect(lines.pop()).toBe("");
  for (const line of lines) {
    const { date, stream = null, _p: mark = null, log, kubernetes } = JSON.parse(line) as Line;
    const { pod_id: podId, container_name: container } = kubernetes;
    // Without a stream the time is the read time, which nobody can expect.
    const key = JSON.stringify([podId, container, stream === null ? null : date, stream, mark, log]);
    const count = left.get(key) ?? 0;
    if (count === 0) unexpected.push(key.slice(0, 200));
    else left.set(key, count - 1);
  }
  const lost = [...left].filter(([, count]) => count > 0).map(([key]) => key.slice(0, 200));
  expect({ lost, unexpected }).toEqual({ lost: [], unexpected: [] });
  expect(lines).toHaveLength(expected);
  expect(expected).toBeGreaterThan(LINES * 0.9);
}

function microseconds(tsNs: bigint): string {
  const whole = new Date(Number(tsNs / 1_000_000_000n) * 1000).toISOString().slice(0, 20);
  return `${whole}${String((tsNs / 1000n) % 1_000_000n).padStart(6, "0")}Z`;
}
