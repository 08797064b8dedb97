import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runAgent } from "../../agent/agent.ts";
import { loadConfig } from "../../config/load.ts";
import { listObjects } from "../helpers/compare-store.ts";
import { readWithDuckdb } from "../helpers/readers/duckdb.ts";
import { recordingLogger, T0_MS, tempFolder } from "./fixture.ts";
import { message, NEVER, openTestSpool, sourceNamed } from "./input/spool/bed.ts";

const FIELDS = {
  _PID: "7",
  MESSAGE: "token AKIA0123456789ABCDEF",
  _CMDLINE: "run --password=hunter22",
};

/** Column `log` of the Parquet output, and the records of the JSON output, of a message with fields and a plain one. */
async function ship(filters = ""): Promise<{ columns: unknown[]; records: Record<string, unknown>[] }> {
  using folder = tempFolder();
  const spool = await openTestSpool(join(folder.path, "state/spool/test-1"));
  const records = [message("", { log: null, fields: FIELDS, messageKey: "MESSAGE" }), message("plain")];
  await spool.append(sourceNamed("a"), records, null, NEVER);
  await spool.close();
  const path = join(folder.path, "agent.yaml");
  writeFileSync(
    path,
    `service: {storage.path: ${folder.path}/state, hostname: node-1, storage.total_limit_size: 1G}
pipeline:
  inputs: [{name: tail, path: ${folder.path}/none.log}]
  filters: [${filters}]
  outputs:
    - {name: directory, match: '*', path: ${folder.path}/parquet}
    - {name: directory, match: '*', path: ${folder.path}/json, format: json_lines, compression: none}
`,
  );
  await runAgent(loadConfig(path, {}).config, { once: true, signal: NEVER, log: recordingLogger().log });
  const columns: unknown[] = [];
  for (const object of listObjects(join(folder.path, "parquet"))) await readWithDuckdb(object, ({ log }) => void columns.push(log)); // prettier-ignore
  const lines = listObjects(join(folder.path, "json"), "json").flatMap((object) => readFileSync(object, "utf8").trimEnd().split("\n")); // prettier-ignore
  return { columns, records: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

const TIME = new Date(T0_MS).toISOString().slice(0, 19);

test("column log has the message alone, the JSON output all fields in their order", async () => {
  const { columns, records } = await ship();
  expect(columns).toEqual([FIELDS.MESSAGE, "plain"]);
  const [{ date, ...record } = {}, plain] = records;
  expect([String(date).startsWith(TIME), JSON.stringify(record)]).toEqual([true, JSON.stringify(FIELDS)]);
  expect(plain).toMatchObject({ log: "plain" });
});

test("redact takes secrets out of the message and out of what came with it, and the message stays one", async () => {
  const { columns, records } = await ship("{name: redact, match: '*'}");
  expect(columns).toEqual([expect.stringMatching(/^token \[REDACTED/), "plain"]);
  expect(JSON.stringify(records)).not.toMatch(/AKIA|hunter22/);
  expect(records[0]).toMatchObject({ _PID: "7", MESSAGE: columns[0] });
});

test("filters see the fields, and what they made of them is in column log", async () => {
  const dropped = await ship("{name: grep, match: '*', exclude: _PID ^7$}");
  expect([dropped.columns, dropped.records.length]).toEqual([["plain"], 1]);
  const { columns, records } = await ship(
    "{name: modify, match: '*', condition: key_exists _PID, remove: _CMDLINE, add: a b}",
  );
  const { _CMDLINE: _, ...rest } = FIELDS;
  expect(JSON.parse(String(columns[0]))).toEqual({ ...rest, a: "b" });
  expect(records[0]).toMatchObject({ ...rest, a: "b" });
});

test("of rows that stay when others are dropped each keeps its own fields", async () => {
  const { columns, records } = await ship("{name: grep, match: '*', regex: MESSAGE token}");
  expect([columns, records.map((record) => record["_PID"])]).toEqual([[FIELDS.MESSAGE], ["7"]]);
});
