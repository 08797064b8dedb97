import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runLiveNode, startLiveNode, type LiveNode, type LiveOptions } from "../../../bench/generate/live.ts";
import { listChains } from "../../helpers/source-chains.ts";
import { expectedRecords } from "../../helpers/source-counter.ts";

const START_MS = Date.parse("2026-03-01T10:00:00Z");

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "logq-live-"));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

test("a step appends the lines that are due, and fractions of a line are not forgotten", () => {
  const node = start({ linesPerSecond: 10 });
  for (let i = 0; i < 30; i++) node.step(100);
  expect(node.containers[0]!.sequence).toBe(15);
  expect(node.nowMs).toBe(START_MS + 3000);
});

test("rotation renames the live file: its inode keeps its content, the new live file is another inode", () => {
  const node = start({});
  node.step(1000);
  const before = statSync(join(folderOf(0), "0.log"));
  node.rotate(0);
  expect(readdirSync(folderOf(0)).toSorted()).toEqual(["0.log", "0.log.20260301-100001"]);
  expect(statSync(join(folderOf(0), "0.log.20260301-100001")).ino).toBe(before.ino);
  expect(statSync(join(folderOf(0), "0.log")).ino).not.toBe(before.ino);
});

test("the newest rotated file stays plain, older ones are gzipped, the excess is deleted", () => {
  const node = start({ filesMax: 4 });
  const first = rotateAndRead(node);
  rotateAndRead(node);
  expect(readdirSync(folderOf(0)).toSorted()).toEqual(["0.log", "0.log.20260301-100001.gz", "0.log.20260301-100002"]);
  expect(gunzipSync(readFileSync(join(folderOf(0), "0.log.20260301-100001.gz")))).toEqual(first);
  rotateAndRead(node);
  rotateAndRead(node);
  const kept = ["0.log", "0.log.20260301-100002.gz", "0.log.20260301-100003.gz", "0.log.20260301-100004"];
  expect(readdirSync(folderOf(0)).toSorted()).toEqual(kept);
});

test("a log that reaches its size rotates by itself, but no sooner than the kubelet looks again", () => {
  const node = start({ linesPerSecond: 1000, fileBytesMax: 50_000, rotateEveryMs: 5000 });
  for (let i = 0; i < 4; i++) node.step(1000);
  expect(readdirSync(folderOf(0))).toHaveLength(2);
  expect(statSync(join(folderOf(0), "0.log")).size).toBeGreaterThan(100_000);
  for (let i = 0; i < 4; i++) node.step(1000);
  expect(readdirSync(folderOf(0))).toHaveLength(3);
});

test("a restarted container goes on in 1.log, with a new link beside the old one", () => {
  const node = start({});
  node.step(1000);
  node.restart(0);
  node.step(1000);
  const links = readdirSync(join(root, "var/log/containers")).map((name) => join(root, "var/log/containers", name));
  const targets = links.map((link) => realpathSync(link)).filter((path) => path.startsWith(folderOf(0)));
  expect(targets.toSorted()).toEqual([join(folderOf(0), "0.log"), join(folderOf(0), "1.log")]);
  expect(statSync(join(folderOf(0), "1.log")).size).toBeGreaterThan(0);
});

test("a removed pod leaves neither folder nor link", () => {
  const node = start({});
  node.step(1000);
  const folder = folderOf(0);
  node.remove(0);
  node.step(1000);
  expect(() => statSync(folder)).toThrow("ENOENT");
  expect(readdirSync(join(root, "var/log/containers"))).toHaveLength(1);
});

test("the archive keeps every line of every physical file, deleted ones and restarts included", () => {
  const archive = join(root, "archive");
  const node = start({
    archive,
    filesMax: 3,
    fileBytesMax: 20_000,
    rotateEveryMs: 1000,
    linesPerSecond: 400,
    hard: true,
    hardEvery: 50,
  });
  for (let i = 0; i < 10; i++) node.step(500);
  node.restart(1);
  for (let i = 0; i < 4; i++) node.step(500);
  node.end();
  expect(readdirSync(folderOf(0))).toHaveLength(3);
  const logs = listChains(archive, { allFinal: true }).flatMap((chain) =>
    Array.from(expectedRecords(chain), ({ log }) => log),
  );
  for (const { pod, sequence } of node.containers) {
    const seen = new Set(
      logs.flatMap((log) => Array.from(log.matchAll(new RegExp(`seq=${pod.index}-(\\d{9})`, "g")), (m) => m[1])),
    );
    expect(seen.size).toBe(sequence);
  }
});

function start(changed: Partial<LiveOptions>): LiveNode {
  const common = { root, pods: 2, sizes: "even", seed: 1, startMs: START_MS, linesPerSecond: 20, hard: false } as const;
  return startLiveNode({ ...common, ...changed });
}

function rotateAndRead(node: LiveNode): Buffer {
  node.step(1000);
  const content = readFileSync(join(folderOf(0), "0.log"));
  node.rotate(0);
  return content;
}

/** The folder of the pod default/nginx (0) or of the other one. */
function folderOf(pod: 0 | 1): string {
  const pods = join(root, "var/log/pods");
  const name = readdirSync(pods).find((folder) => folder.startsWith("default_nginx_") === (pod === 0))!;
  return join(pods, name, pod === 0 ? "nginx" : "app");
}

test("a loud pod writes its bytes beside the lines of the others", () => {
  const node = start({ linesPerSecond: 10, loudBytesPerSecond: 265_000 });
  for (let i = 0; i < 10; i++) node.step(100);
  expect(node.containers.map(({ sequence }) => sequence)).toEqual([10, 1000]);
});

test("a node in real time catches up with the clock, however long it took to make it", async () => {
  const node = start({ startMs: Date.now() - 60_000, linesPerSecond: 10 });
  const stop = new AbortController();
  const running = runLiveNode(node, stop.signal, 1);
  await expect.poll(() => node.containers[0]!.sequence).toBeGreaterThanOrEqual(300);
  stop.abort();
  await running;
  expect(node.nowMs).toBeGreaterThan(Date.now() - 30_000);
});
