import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runAgent } from "../../../agent/agent.ts";
import type { ProbePoint } from "../../../agent/probe.ts";
import { loadConfig } from "../../../config/load.ts";
import { cri, recordingLogger, tempFolder } from "../fixture.ts";

const line = (text: string) => cri("stdout", "F", text);
const dropping = (text: string) => `[{name: grep, match: '*', exclude: log ${text}}]`;
const filesIn = (folder: string) => readdirSync(folder, { recursive: true, encoding: "utf8" });

/** Ships once with these filters; what fails fails the run. */
async function ship(
  folder: string,
  filters: string,
  failsAt: readonly ProbePoint[] = [],
  store = "store",
): Promise<void> {
  const config = join(folder, "agent.yaml");
  writeFileSync(
    config,
    `service: {storage.path: ${folder}/state, cluster: prod, hostname: node-1}
pipeline:
  inputs: [{name: tail, path: "${folder}/logs/*.log", multiline.parser: cri}]
  filters: ${filters}
  outputs: [{name: directory, match: "*", path: "${folder}/${store}", format: json_lines, compression: none}]
`,
  );
  const probe = (point: ProbePoint) => {
    if (failsAt.includes(point)) throw new Error(`fails at ${point}`);
  };
  const signal = new AbortController().signal;
  await runAgent(loadConfig(config, {}).config, { once: true, signal, log: recordingLogger().log, probe });
}

async function interrupt(folder: string, filters: string): Promise<void> {
  mkdirSync(join(folder, "logs"), { recursive: true });
  appendFileSync(join(folder, "logs", "a.log"), ["a", "b", "c"].map(line).join(""));
  await expect(ship(folder, filters, ["journaled", "publishing"])).rejects.toThrow("fails at");
}

function shipped(folder: string): string[] {
  const store = join(folder, "store");
  const names = filesIn(store).filter((name) => name.endsWith(".json") && !name.includes("_staging"));
  const lines = names.flatMap((name) => readFileSync(join(store, name), "utf8").trimEnd().split("\n"));
  return lines.map((each) => (JSON.parse(each) as { log: string }).log).toSorted();
}

const filterFiles = (folder: string) => filesIn(join(folder, "state", "filters"));

test("an interrupted shipment is repeated with the filters it was journaled with, and what follows with the new ones", async () => {
  using folder = tempFolder();
  await interrupt(folder.path, dropping("a"));
  const [before] = filterFiles(folder.path);
  appendFileSync(join(folder.path, "logs", "a.log"), ["a", "b", "c"].map(line).join(""));
  await ship(folder.path, dropping("b"));
  expect(shipped(folder.path)).toEqual(["a", "b", "c", "c"]);
  expect(filterFiles(folder.path)).toHaveLength(2);
  await ship(folder.path, dropping("b"));
  expect(filterFiles(folder.path)).toHaveLength(1);
  expect(filterFiles(folder.path)).not.toContain(before);
});

test("so is one whose filters are configured no more, and one whose output is", async () => {
  using folder = tempFolder();
  await interrupt(folder.path, dropping("a"));
  await ship(folder.path, "[]");
  expect(shipped(folder.path)).toEqual(["b", "c"]);
  using other = tempFolder();
  await interrupt(other.path, dropping("a"));
  await ship(other.path, "[]", [], "elsewhere");
  expect(shipped(other.path)).toEqual(["b", "c"]);
});

test("one made without filters is repeated without the new ones", async () => {
  using folder = tempFolder();
  await interrupt(folder.path, "[]");
  expect(filesIn(join(folder.path, "state"))).not.toContain("filters");
  await ship(folder.path, dropping("a"));
  expect(shipped(folder.path)).toEqual(["a", "b", "c"]);
});

test.each(["gone", "damaged"])("an interrupted shipment whose filters are %s waits, and says why", async (what) => {
  using folder = tempFolder();
  await interrupt(folder.path, dropping("a"));
  const path = join(folder.path, "state", "filters", filterFiles(folder.path)[0]!);
  if (what === "gone") rmSync(path);
  else writeFileSync(path, "{}");
  await expect(ship(folder.path, dropping("b"))).rejects.toThrow("cannot read the filters of an interrupted shipment");
});
