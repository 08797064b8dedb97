import { createHash } from "node:crypto";
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { generateTree, type TreeOptions } from "../../../bench/generate/tree.ts";
import { listChains } from "../../helpers/source-chains.ts";
import { expectedRecords, RECORD_BYTES_MAX } from "../../helpers/source-counter.ts";

const START_MS = Date.parse("2026-03-01T09:59:58Z");

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "logq-tree-"));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

test("the same seed gives the same bytes, another seed gives others", () => {
  for (const [name, seed] of Object.entries({ a: 7, b: 7, c: 8 }))
    generateTree(options({ root: join(root, name), seed, hard: true }));
  const [a, b, c] = ["a", "b", "c"].map((name) => digest(join(root, name, "var/log/pods")));
  expect(b).toBe(a);
  expect(c).not.toBe(a);
});

test("the layout is the kubelet's: a link in containers/ per container, into pods/", () => {
  generateTree(options({ pods: 3 }));
  const links = readdirSync(join(root, "var/log/containers"));
  expect(links).toHaveLength(3);
  expect(links.find((name) => /^nginx_default_nginx-[0-9a-f]{64}\.log$/.test(name))).toBeDefined();
  for (const name of links) {
    const path = join(root, "var/log/containers", name);
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(readlinkSync(path)).toMatch(new RegExp(`^${root}/var/log/pods/[^/_]+_[^/_]+_[0-9a-f-]{36}/[^/]+/0\\.log$`));
  }
});

test("without hard cases every line is a whole CRI record, in order of time, with every sequence number once", () => {
  const tree = generateTree(options({ pods: 12, amount: { lines: 6000 } }));
  expect(tree.lines.reduce((sum, count) => sum + count, 0)).toBe(6000);
  for (const [pod, records] of recordsByPod(root)) {
    expect(records.every((record) => record.stream !== null && record.cut === null)).toBe(true);
    expect(records.map((record) => record.tsNs)).toEqual(records.map((record) => record.tsNs).toSorted(compare));
    expect(sequencesOf(records)).toEqual(Array.from({ length: tree.lines[pod]! }, (_, n) => n));
  }
});

test("a line is 250 to 280 bytes long on average, JSON lines are JSON, and event times spread at the given rate", () => {
  const tree = generateTree(options({ pods: 12, amount: { lines: 12_000 }, linesPerSecond: 1000 }));
  expect(tree.bytes / 12_000).toBeGreaterThan(245);
  expect(tree.bytes / 12_000).toBeLessThan(280);
  const records = recordsByPod(root);
  const json = records.get(1)!;
  expect(json.map((record) => JSON.parse(record.log).level)).toEqual(
    expect.arrayContaining(["info", "debug", "warn", "error"]),
  );
  const seconds = [...records.values()].flat().map((record) => Number(record.tsNs! / 1_000_000_000n) - START_MS / 1000);
  expect(Math.min(...seconds)).toBe(0);
  expect(Math.max(...seconds)).toBe(11);
});

test("hard cases hold partials, cut records, empty lines, invalid UTF-8, CRLF, plain lines and torn ends, and lose no number", () => {
  const tree = generateTree(options({ pods: 6, amount: { lines: 3000 }, hard: true, hardEvery: 35 }));
  const all = [...recordsByPod(root).values()].flat();
  expect(all.filter((record) => record.log === "").length).toBeGreaterThan(0);
  expect(all.filter((record) => record.log.includes("�")).length).toBeGreaterThan(0);
  expect(all.filter((record) => record.stream === null).length).toBeGreaterThan(0);
  expect(all.filter((record) => record.log.endsWith("\r")).length).toBeGreaterThan(0);
  expect(all.filter((record) => record.log.length === RECORD_BYTES_MAX && record.cut === null).length).toBeGreaterThan(
    0,
  );
  expect(all.filter((record) => record.cut === "limit").length).toBeGreaterThan(0);
  expect(all.filter((record) => record.cut === "end").length).toBe(2);
  for (const [pod, records] of recordsByPod(root)) {
    expect(sequencesOf(records)).toEqual(Array.from({ length: tree.lines[pod]! }, (_, n) => n));
  }
});

test("sizes zipf: the first pod writes twice as much as the second, and all lines are written", () => {
  const tree = generateTree(options({ pods: 10, sizes: "zipf", amount: { lines: 2900 } }));
  expect(tree.lines[0]! / tree.lines[1]!).toBeCloseTo(2, 1);
  expect(tree.lines.reduce((sum, count) => sum + count, 0)).toBe(2900);
});

test("a file size makes chains of several files, in which records are as they were in one file", () => {
  generateTree(options({ root: join(root, "one"), hard: true, hardEvery: 20 }));
  generateTree(options({ root: join(root, "many"), hard: true, hardEvery: 20, fileBytesMax: 30_000 }));
  const logs = (name: string): string[][] =>
    listChains(join(root, name, "var/log/pods"), { allFinal: true }).map((chain) =>
      Array.from(expectedRecords(chain), ({ log }) => log),
    );
  expect(listChains(join(root, "many/var/log/pods"))[0]!.files.length).toBeGreaterThan(3);
  expect(logs("many")).toEqual(logs("one"));
});

function options(changed: Partial<TreeOptions>): TreeOptions {
  const amount = { lines: 600 };
  return {
    root,
    pods: 3,
    sizes: "even",
    amount,
    seed: 1,
    startMs: START_MS,
    linesPerSecond: 1000,
    hard: false,
    ...changed,
  };
}

type Records = ReturnType<typeof expectedRecords> extends Generator<infer T> ? T[] : never;

/** By pod index, which the sequence numbers carry. */
function recordsByPod(folder: string): Map<number, Records> {
  const chains = listChains(join(folder, "var/log/pods"), { allFinal: true });
  const lists = chains.map((chain) => [...expectedRecords(chain)]);
  return new Map(lists.map((records) => [Number(/seq=(\d+)-/.exec(records[0]!.log)![1]), records]));
}

function sequencesOf(records: Records): number[] {
  const numbers = records.flatMap(({ log }) =>
    Array.from(log.matchAll(/seq=\d+-(\d{9})/g), (matched) => Number(matched[1])),
  );
  return numbers.toSorted((left, right) => left - right);
}

function compare(left: bigint | null, right: bigint | null): number {
  return Number(left! - right!);
}

function digest(folder: string): string {
  const hash = createHash("sha256");
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const path of paths.map((entry) => join(entry.parentPath, entry.name)).toSorted()) {
    hash.update(path.slice(folder.length)).update(readFileSync(path));
  }
  return hash.digest("hex");
}
