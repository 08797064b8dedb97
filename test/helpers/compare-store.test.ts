import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { generateTree } from "../../bench/generate/tree.ts";
import { compareWithStore, expectFrom, READERS, type Comparison } from "./compare-store.ts";
import type { ReadRows } from "./readers/reader.ts";
import { listChains, type SourceChain } from "./source-chains.ts";
import { expectedRecords } from "./source-counter.ts";
import { writeRows, type StoredRow } from "./store.ts";

let folder: string;
let chains: SourceChain[];
let rows: StoredRow[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "logq-compare-"));
  const startMs = Date.parse("2026-03-01T09:59:59Z");
  const size = { pods: 3, sizes: "even", amount: { lines: 150 }, fileBytesMax: 30_000 } as const;
  // Eight hard cases: the tenth has a NUL, which the fixture's writer cannot put into its SQL.
  generateTree({ root: folder, ...size, seed: 1, startMs, linesPerSecond: 60, hard: true, hardEvery: 6 });
  chains = listChains(join(folder, "var/log/pods"), { allFinal: true });
  rows = chains.flatMap((chain) => Array.from(expectedRecords(chain), (record) => storedRow(chain, record)));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe.each(Object.entries(READERS))("read with %s", (_name, read) => {
  test("a store that holds every record once is equal to its source", async () => {
    expect(await compare(rows, read)).toEqual({ ...NOTHING_WRONG, expected: rows.length, rows: rows.length });
  });

  test("a lost, a duplicated and a changed row are each found and shown", async () => {
    const [first, ...rest] = rows;
    const changed = { ...rest[20]!, log: `${rest[20]!.log}!` };
    const found = await compare([...rest.toSpliced(20, 1, changed), rest[5]!], read);
    expect(found).toMatchObject({ lost: 2, duplicated: 1, different: 1, rows: rows.length });
    expect(found.examples.join("\n")).toContain(`lost: pos ${first!.pos}, ts_ns ${first!.tsNs}`);
    expect(found.examples.join("\n")).toContain(`duplicated: pos ${rest[5]!.pos}`);
    expect(found.examples.join("\n")).toContain(`different: pos ${changed.pos}`);
  });
});

describe("what counts as another row", () => {
  const changes: Record<string, Partial<StoredRow>> = {
    pos: { pos: 7 },
    "time by a nanosecond": { tsNs: 1_772_359_200_000_000_001n },
    stream: { stream: "stdout" },
    cut: { cut: "end" },
    pod_id: { podId: "00000000-0000-0000-0000-000000000000" },
  };
  test.each(Object.entries(changes))("a changed %s", async (_what, change) => {
    const index = rows.findIndex((row) => row.stream === "stderr");
    const found = await compare(rows.with(index, { ...rows[index]!, ...change }), READERS["duckdb"]!);
    expect(found).toMatchObject({ lost: 1, different: 1, duplicated: 0 });
  });

  test("the read time of a line without its own does not count", async () => {
    const index = rows.findIndex((row) => row.stream === undefined);
    const found = await compare(rows.with(index, { ...rows[index]!, tsNs: 5n }), READERS["duckdb"]!);
    expect(found).toMatchObject({ lost: 0, different: 0 });
  });
});

test("rows that name another physical file than the one they lie in are found, though each row is right", async () => {
  const mixed = rows.with(0, { ...rows[0]!, file: rows[0]!.file.replace(/f\d+$/, "f9") });
  expect(await compare(mixed, READERS["duckdb"]!)).toMatchObject({ lost: 0, different: 0, mixedFiles: 2 });
});

test("a row whose file names another container is inconsistent", async () => {
  const wrong = rows.map((row) => (row.file === rows[0]!.file ? { ...row, file: "node/other/c/f0" } : row));
  expect((await compare(wrong, READERS["duckdb"]!)).inconsistent).toBe(
    wrong.filter((row) => row.file === "node/other/c/f0").length,
  );
});

const NOTHING_WRONG = { lost: 0, duplicated: 0, different: 0, inconsistent: 0, mixedFiles: 0, examples: [] };

async function compare(stored: readonly StoredRow[], read: ReadRows): Promise<Comparison> {
  const store = join(folder, "store");
  await writeRows(store, stored);
  return await compareWithStore(expectFrom(chains), store, read);
}

function storedRow(
  chain: SourceChain,
  record: ReturnType<typeof expectedRecords> extends Generator<infer T> ? T : never,
): StoredRow {
  const { podId, container } = chain;
  return {
    tsNs: record.tsNs ?? 1_772_359_200_000_000_000n,
    source: "application",
    node: "node",
    log: record.log,
    file: `node/${podId}/${container}/f${chain.files[record.file]!.inode}`,
    pos: record.pos,
    podId: podId!,
    container: container!,
    ...(record.stream === null ? {} : { stream: record.stream }),
    ...(record.cut === null ? {} : { cut: record.cut }),
  };
}
