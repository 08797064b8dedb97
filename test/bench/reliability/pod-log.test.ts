import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bytesOf } from "../../../bench/reliability/lines.ts";
import { startPodLog } from "../../../bench/reliability/pod-log.ts";

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), "logq-pod-"))));
afterEach(() => rmSync(root, { recursive: true }));

/** Messages of all files in the order of their names, partial ones joined. */
function readMessages(): string[] {
  const folder = join(root, "var/log/pods", readdirSync(join(root, "var/log/pods"))[0]!, "app");
  const names = readdirSync(folder).toSorted((a, b) => (a === "0.log" ? 1 : b === "0.log" ? -1 : a < b ? -1 : 1));
  const text = names.map((name) => {
    const bytes = readFileSync(join(folder, name));
    return (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
  });
  const messages: string[] = [];
  const open: Record<string, string> = {};
  for (const line of text.join("").split("\n").slice(0, -1)) {
    const [, stream = "", mark, part = ""] = /^\S+ (\S+) ([PF]) (.*)$/.exec(line) ?? [];
    open[stream] = (open[stream] ?? "") + part;
    if (mark !== "F") continue;
    messages.push(open[stream]);
    open[stream] = "";
  }
  return messages;
}

test("torn writes, partials and rotations leave every record whole and in order", () => {
  const pod = startPodLog(root, 3, true);
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 100; i++) pod.write(1 + ((i * 7919) % 3000), true);
    pod.rotate();
  }
  pod.end();
  const messages = readMessages();
  expect(messages).toHaveLength(pod.lines);
  expect(messages.map((message) => Number(message.slice(6, 15)))).toEqual(messages.map((_, i) => i));
  expect(pod.bytesTotal).toBe(bytesOf(0, pod.lines, true));
});

test("the spans know which lines lie in a file that was gzipped, and which in one that was deleted", () => {
  const pod = startPodLog(root, 0, false);
  for (let round = 0; round < 6; round++) {
    pod.write(10_000, false);
    pod.rotate();
  }
  const spans = pod.spans;
  expect(spans.map(({ from }) => from)).toEqual([0, ...spans.slice(0, -1).map(({ to }) => to)]);
  // The kubelet keeps five: the live one, the newest rotated one as it is, three in gzip.
  expect(spans.map(({ deletedAtMs }) => deletedAtMs !== null)).toEqual([true, true, false, false, false, false, false]);
  expect(spans.map(({ gzippedAtMs }) => gzippedAtMs !== null)).toEqual([true, true, true, true, true, false, false]);
});

test("a truncation is noted with the lines that were written before it", () => {
  const pod = startPodLog(root, 0, false);
  pod.write(10_000, false);
  const before = pod.lines;
  pod.truncate();
  expect(pod.bytes).toBe(0);
  pod.write(10_000, false);
  expect(pod.truncatedAt).toEqual([before]);
  expect(pod.lines).toBeGreaterThan(before);
});
