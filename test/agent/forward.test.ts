import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";

import { DuckDBInstance } from "@duckdb/node-api";
import { encode } from "@msgpack/msgpack";
import { expect, test, vi } from "vitest";

import { runAgent } from "../../agent/agent.ts";
import { loadConfig } from "../../config/load.ts";
import { listObjects } from "../helpers/compare-store.ts";
import { recordingLogger, T0_MS, tempFolder } from "./fixture.ts";
import { Sender } from "./input/forward/bed.ts";

const T = Math.floor(T0_MS / 1000);
const ID = "9".repeat(64);
const DOCKER = { container_id: ID, container_name: "/web", source: "stdout", log: "GET /" };
const PARTIAL = { partial_message: "true", partial_id: "1", partial_ordinal: "1", partial_last: "false" };
const WAIT = { timeout: 60_000, interval: 20 };

/** Sends messages to an agent with these outputs and filters, and stops it when so many lines are shipped. */
async function ship(
  folder: string,
  messages: readonly unknown[],
  { lines: expected, filters = "" }: { lines: number; filters?: string },
): Promise<Record<string, unknown>[]> {
  const path = join(folder, "agent.yaml");
  const output = (name: string, more: string): string =>
    `{name: directory, match: '*', path: ${folder}/${name}, upload_timeout: 100ms${more}}`;
  writeFileSync(
    path,
    `service: {storage.path: ${folder}/state, hostname: node-1, storage.total_limit_size: 1G}
pipeline:
  inputs: [{name: forward, listen: 127.0.0.1, port: 0}]
  filters: [${filters}]
  outputs: [${output("rows", "")}, ${output("lines", ", format: json_lines, compression: none, json_date_key: false")}]
`,
  );
  const { log, lines } = recordingLogger();
  const stop = new AbortController();
  const running = runAgent(loadConfig(path, {}).config, { once: false, signal: stop.signal, log });
  try {
    const place = await vi.waitFor(() => {
      const said = lines.find(({ text }) => text === "senders may connect");
      if (said === undefined) throw new Error(JSON.stringify(lines));
      return String(said.fields["place"]);
    }, WAIT);
    const sender = new Sender(connect(Number(place.split(":")[1]), "127.0.0.1"));
    for (const message of messages) sender.send(Buffer.from(encode(message)));
    await vi.waitFor(() => expect(jsonLines(folder)).toHaveLength(expected), WAIT);
    await vi.waitFor(async () => expect(await rowsOf(folder)).toHaveLength(expected), WAIT);
    sender.socket.destroy();
  } finally {
    stop.abort();
    await running;
  }
  return jsonLines(folder);
}

function jsonLines(folder: string): Record<string, unknown>[] {
  return listObjects(join(folder, "lines"), "json").flatMap((path) =>
    readFileSync(path, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  );
}

async function rowsOf(folder: string): Promise<Record<string, unknown>[]> {
  if (listObjects(join(folder, "rows")).length === 0) return [];
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const pattern = join(folder, "rows/cluster=*/dt=*/hour=*/*.parquet");
    const read = await connection.runAndReadAll(`SELECT * FROM read_parquet('${pattern}')`);
    return read.getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function byLog(a: Record<string, unknown>, b: Record<string, unknown>): number {
  return String(a["log"]) < String(b["log"]) ? -1 : 1;
}

test("a container's records are rows with stream, container and labels, and lines as Fluent Bit writes them", async () => {
  using folder = tempFolder();
  const messages = [
    ["docker.web", T, { ...DOCKER, TIER: "1" }],
    ["docker.web", T, { ...DOCKER, TIER: "1", source: "stderr", log: "oops\nat line 2" }],
  ];
  const lines = await ship(folder.path, messages, { lines: 2 });
  const shared = { container_id: ID, container_name: "/web", TIER: "1" };
  expect(lines.toSorted(byLog)).toEqual([
    { source: "stdout", log: "GET /", ...shared },
    { source: "stderr", log: "oops\nat line 2", ...shared },
  ]);
  const rows = (await rowsOf(folder.path)).toSorted(byLog);
  expect(rows[0]).toMatchObject({
    log: "GET /",
    stream: "stdout",
    container: "web",
    node: "node-1",
    source: "application",
  });
  expect(rows[1]).toMatchObject({ log: "oops\nat line 2", stream: "stderr" });
  expect(JSON.stringify(rows[0]!["labels"])).toContain("TIER");
});

test("what Docker cut into parts is one record, also where stderr comes between them", async () => {
  using folder = tempFolder();
  const messages = [
    ["web", T, { ...DOCKER, ...PARTIAL, log: "a".repeat(16_384) }],
    ["web", T, { ...DOCKER, source: "stderr", log: "between" }],
    ["web", T, { ...DOCKER, ...PARTIAL, partial_ordinal: "2", log: "b\n\\".repeat(5000) }],
    ["web", T, { ...DOCKER, ...PARTIAL, partial_last: "true", log: "end" }],
  ];
  await ship(folder.path, messages, { lines: 2 });
  const rows = (await rowsOf(folder.path)).toSorted(byLog);
  expect(rows.map(({ log, stream, cut }) => ({ log, stream, cut }))).toEqual([
    { log: `${"a".repeat(16_384)}${"b\n\\".repeat(5000)}end`, stream: "stdout", cut: null },
    { log: "between", stream: "stderr", cut: null },
  ]);
});

test("records of other senders are their fields; filters see those of a container too", async () => {
  using folder = tempFolder();
  const messages = [
    [
      "app",
      [
        [T, { message: "hello", level: "warn", size: 1 }],
        [T, { log: "a text" }],
      ],
    ],
    ["docker", T, DOCKER],
    ["docker", T, { ...DOCKER, source: "stderr", log: "dropped" }],
    ["docker", T, { ...DOCKER, container_name: "/noise", log: "dropped too" }],
  ];
  const filters = "{name: grep, match: docker, exclude: source stderr}, {name: grep, match: docker, exclude: container_name noise}"; // prettier-ignore
  const lines = await ship(folder.path, messages, { lines: 3, filters });
  expect(lines).toContainEqual({ message: "hello", level: "warn", size: 1 });
  expect(lines).toContainEqual({ log: "a text" });
  expect(lines).toContainEqual({ source: "stdout", log: "GET /", container_id: ID, container_name: "/web" });
  const rows = await rowsOf(folder.path);
  expect(rows.find(({ level }) => level === "warn")?.["log"]).toBe('{"message":"hello","level":"warn","size":1}');
});

test("fields that FireLens' own configuration adds again are in the columns, and not in the message", async () => {
  using folder = tempFolder();
  const ecs = {
    ecs_cluster: "prod",
    ecs_task_arn: "arn:aws-cn:ecs:cn-north-1:1:task/prod/0123",
    ecs_task_definition: "shop:7",
  };
  const record = Object.entries(ecs).map(([name, value]) => `'${name} ${value}'`).join(", "); // prettier-ignore
  const filters = `{name: record_modifier, match: '*', record: [${record}]}`;
  const lines = await ship(folder.path, [["web", T, { ...DOCKER, ...ecs }]], { lines: 1, filters });
  expect(lines[0]).toMatchObject({ ...ecs, log: "GET /", source: "stdout" });
  const [row] = await rowsOf(folder.path);
  expect(row).toMatchObject({ log: "GET /", namespace: "prod", workload: "shop", pod: "0123", container: "web" });
});
