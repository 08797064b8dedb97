import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { runAgent } from "../../../../agent/agent.ts";
import type { ProbePoint } from "../../../../agent/probe.ts";
import { loadConfig } from "../../../../config/load.ts";
import { compactPartition } from "../../../../query/compact/compact.ts";
import { bucketPlace, type BucketPlace } from "../../../query/compact/bucket-place.ts";
import { SIGNAL } from "../../../query/compact/bed.ts";
import { runLogq } from "../../../query/run-logq.ts";
import { startS3Server, type S3Server } from "../../../servers/s3-server.ts";
import { cri, recordingLogger, T0_MS, tempFolder } from "../../fixture.ts";
import "./bed.ts";

const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * 24 * HOUR_MS;

for (const isWhole of [true, false]) {
  const left = isWhole ? "all objects" : "one object of two";
  test(`an agent that died with ${left} of a shipment stored finds markers there: it adds nothing, loses nothing and goes on`, async () => {
    await using node = await openNode();
    node.write(["1", "2", "3"]);
    await node.dieAt("published");
    if (!isWhole) await node.place.remove(node.keys()[1]!);
    const stored = node.keys();
    expect(await node.logs()).toEqual(isWhole ? ["1", "2", "3"] : ["1", "3"]);
    const nowMs = Date.now() + 2 * HOUR_MS;
    await node.compact(nowMs);
    await node.compact(nowMs + 2 * HOUR_MS);
    for (const key of stored) expect(await node.isMarker(key)).toBe(true);
    const before = node.server.stats().overwritten;

    node.write(["4"]);
    await node.run();
    expect(await node.logs()).toEqual(["1", "2", "3", "4"]);
    for (const key of stored) expect(await node.isMarker(key)).toBe(true);
    expect(node.server.stats().overwritten).toBe(before);
    expect(node.errors()).toEqual([]);
  });
}

describe("after the markers are gone", () => {
  afterEach(() => void vi.useRealTimers());

  test("a shipment whose objects were merged is not sent again, and one line says which outcomes have it", async () => {
    await using node = await openNode();
    node.write(["1", "2", "3"]);
    await node.dieAt("published");
    const stored = node.keys();
    await node.mergeAndForget();

    node.write(["4"]);
    await node.run();
    expect(node.said("warn")).toEqual([
      {
        text: "what the interrupted shipment stored was merged by logq compact; not sending it again",
        output: expect.any(String) as string,
        seq: 1,
        ageHours: 2 * 24 * 7,
        keys: stored,
        outcomes: stored.map((key) => `_compact/${dirname(key)}-1.outcome.json`),
      },
    ]);
    expect(await node.logs()).toEqual(["1", "2", "3", "4"]);
    expect(node.keys().filter((key) => stored.includes(key))).toEqual([]);
  });

  test("of a shipment that was stored in part, what was merged is not sent again, the rest is", async () => {
    await using node = await openNode();
    node.write(["1", "2", "3"]);
    await node.dieAt("published");
    const [merged, lost] = node.keys();
    await node.place.remove(lost!);
    await node.mergeAndForget();
    expect(await node.logs()).toEqual(["1", "3"]);

    await node.run();
    expect(node.said("warn")).toMatchObject([{ keys: [merged] }]);
    expect(node.keys().filter((key) => !key.includes("/merged-"))).toEqual([lost]);
    expect(await node.logs()).toEqual(["1", "2", "3"]);
  });

  test("a shipment that no outcome has is sent, without a word", async () => {
    await using node = await openNode();
    node.write(["1", "2"]);
    await node.run();
    node.write(["3", "4"]);
    await node.dieAt("journaled");
    await node.mergeAndForget();
    await node.run();
    expect(node.said("warn")).toEqual([]);
    expect(await node.logs()).toEqual(["1", "2", "3", "4"]);
  });

  test.each(["ListObjectsV2", "GetObject"] as const)(
    "who may not look (%s) sends it again, which is not counted, and deleted by the next run",
    async (operation) => {
      await using node = await openNode();
      node.write(["1", "2", "3"]);
      await node.dieAt("published");
      await node.mergeAndForget();
      node.server.faults.add({ kind: "forbidden", operation });
      await node.run();
      node.server.faults.clear();
      const warning = {
        text: "cannot find out whether logq compact has merged the interrupted shipment; sending it again",
        reason: expect.stringMatching(
          `${operation} in bucket logs: AccessDenied: .*; allow the agent's role s3:ListBucket and s3:GetObject of _compact/`,
        ) as string,
      };
      expect(node.said("warn")).toMatchObject([warning]);
      expect(node.keys().filter((key) => !key.includes("/merged-"))).toHaveLength(2);
      expect(await node.logs()).toEqual(["1", "2", "3"]);
      await node.compact(Date.now());
      expect(node.notices.join("\n")).toContain("came again after it was merged");
      expect(node.keys().filter((key) => !key.includes("/merged-"))).toEqual([]);
      expect(await node.logs()).toEqual(["1", "2", "3"]);
    },
  );
});

test("an agent that repeats a shipment of yesterday asks for no outcomes", async () => {
  await using node = await openNode();
  node.write(["1", "2", "3"]);
  await node.dieAt("journaled");
  await node.run();
  expect(node.server.stats().requests.ListObjectsV2).toBe(undefined);
});

/** An agent over one file of logs of two hours, the bucket it ships to, and what merges there. */
async function openNode() {
  const folder = tempFolder();
  const server = await startS3Server();
  const place = bucketPlace(server.endpoint, "logs");
  mkdirSync(join(folder.path, "logs"));
  const config = writeConfig(folder.path, server);
  const { log, lines } = recordingLogger();
  const notices: string[] = [];
  return {
    server,
    place,
    notices,
    write(messages: readonly string[]) {
      const text = messages.map((message, i) => cri("stdout", "F", message, T0_MS + (i % 2) * HOUR_MS));
      appendFileSync(join(folder.path, "logs", "a.log"), text.join(""));
    },
    run: async () => await runAgent(config, { once: true, signal: SIGNAL, log }),
    async dieAt(point: ProbePoint) {
      const stop = new AbortController();
      const probe = (at: ProbePoint): void => {
        if (at !== point) return;
        stop.abort();
        throw new Error("the agent died");
      };
      await runAgent(config, { once: true, signal: stop.signal, log, probe }).catch(() => undefined);
      lines.length = 0;
    },
    async compact(nowMs: number) {
      for (const partition of await partitions(place)) {
        const limits = { objectsMin: 1, targetBytes: 256e6, graceMs: HOUR_MS, settleMs: 0 };
        const notice = (message: string): void => void notices.push(message);
        const options = { ...limits, nowMs: () => nowMs, signal: SIGNAL, notice, isDry: false };
        await compactPartition(await place.openCompact(), partition, options);
      }
    },
    /** Objects are merged, markers put and taken away; two weeks pass. */
    async mergeAndForget() {
      const nowMs = Date.now() + 2 * HOUR_MS;
      for (const laterMs of [0, 2 * HOUR_MS, WEEK_MS + 3 * HOUR_MS]) await this.compact(nowMs + laterMs);
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 2 * WEEK_MS });
    },
    said: (wanted: string) =>
      lines.filter(({ level }) => level === wanted).map(({ text, fields }) => ({ text, ...fields })),
    keys: () =>
      server
        .bucket("logs")
        .keys()
        .map((key) => key.slice("team/logs/".length))
        .filter((key) => key.startsWith("cluster=")),
    isMarker: async (key: string) => (await place.metadata(key))["logq-compacted"] === "1",
    logs: async () => await logsOf(place, join(folder.path, "cache")),
    errors: () => lines.filter(({ level }) => level === "error"),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

async function partitions(place: BucketPlace) {
  return await place.open().listPartitions({ from: null, to: null }, null, SIGNAL);
}

/** The messages that logq finds. */
async function logsOf({ location }: BucketPlace, cache: string): Promise<string[]> {
  const flags = ["--store", location, "--all-time", "--limit", "all", "-o", "ndjson", "-q"];
  const { code, stdout, stderr } = await runLogq(["select log", ...flags], { env: { LOGQ_CACHE_DIR: cache } });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const rows = stdout.trimEnd().split("\n");
  return rows.map((row) => (JSON.parse(row) as { log: string }).log).toSorted();
}

function writeConfig(folder: string, { endpoint }: S3Server) {
  const path = join(folder, "agent.yaml");
  writeFileSync(
    path,
    `service: { storage.path: ${folder}/state, cluster: prod, hostname: node-1 }
pipeline:
  inputs: [{ name: tail, path: "${folder}/logs/*.log", multiline.parser: cri }]
  outputs:
    - { name: s3, match: "*", bucket: logs, s3_key_format: team/logs, endpoint: "${endpoint}" }
`,
  );
  return loadConfig(path, {}).config;
}
