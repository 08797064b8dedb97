import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "../../agent/command.ts";
import { createReloadRequests } from "../../agent/reload.ts";
import { parseOptions } from "../../query/options.ts";
import { recordingLogger } from "../agent/fixture.ts";
import { writeRows } from "../helpers/store.ts";
import { runLogq } from "../query/run-logq.ts";
import { INCIDENT_CLUSTER, incidentRows } from "./incident.ts";
import { shellWords } from "./shell-words.ts";

const pages = ["docs/operations.md", "docs/troubleshooting.md", "docs/fluentd.md"].map((file) =>
  readFileSync(file, "utf8"),
);
const codes = [...new Set(pages.flatMap((page) => [...page.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code!)))];
const queries = codes.filter((code) => code.startsWith("logq "));
/** What needs AWS, or a store of one's own. */
const isElsewhere = (command: string): boolean => /athena|logq init|--store/.test(command);
let store: string;

beforeAll(async () => {
  store = mkdtempSync(join(tmpdir(), "logq-troubleshooting-"));
  await writeRows(store, incidentRows(), INCIDENT_CLUSTER);
});
afterAll(() => rmSync(store, { recursive: true, force: true }));

describe("commands in the text of the operations pages", () => {
  test.each(queries.filter((command) => !isElsewhere(command)))("%s runs", async (command) => {
    const env = { LOGQ_STORE: store, HOME: store };
    const { code, stderr } = await runLogq(shellWords(command).slice(1), { env });
    // What is wrong with the store is no mistake of the command's.
    expect([0, 4], `${code}: ${stderr}`).toContain(code);
  });

  test.each(queries.filter((command) => isElsewhere(command)))("%s has options that there are", (command) => {
    expect(() => parseOptions(shellWords(command).slice(1), { extra: { update: { type: "boolean" } } })).not.toThrow();
  });

  test.each(codes.filter((code) => code.startsWith("logq-agent ")))("%s is understood", async (command) => {
    let err = "";
    await runCommand(shellWords(command).slice(1), {
      env: {},
      version: "0",
      signal: new AbortController().signal,
      reloads: createReloadRequests(),
      isTerminal: false,
      out: () => undefined,
      err: (text) => void (err += text),
      createLog: () => Promise.resolve(recordingLogger().log),
      runAgent: () => Promise.reject(new Error("there is no agent.yaml to run")),
    });
    expect(err).toContain("cannot read agent.yaml");
  });
});

test("metrics that the operations pages name exist", () => {
  const metrics = readFileSync("docs/metrics.md", "utf8");
  const named = codes.flatMap((code) => /^logq_\w+/.exec(code) ?? []);
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !metrics.includes(`\`${name}\``))).toEqual([]);
});

test("what the programs say, as docs/troubleshooting.md quotes it, stands in their sources", () => {
  const sources = globSync("{agent,config,query}/**/*.ts").map((file) => readFileSync(file, "utf8"));
  const text = sources.join("\n");
  const [, page = ""] = pages;
  const rows = page.split("\n## ").filter((section) => section.includes("| it says |"));
  const quoted = rows.flatMap((section) => [...section.matchAll(/^\| (`.+?) \|/gm)].map(([, cell]) => cell!));
  const pieces = quoted.flatMap((cell) => cell.split(/`, `|`|…/)).filter((piece) => piece.length > 5);
  expect(pieces.length).toBeGreaterThan(15);
  expect(pieces.filter((piece) => !text.includes(piece))).toEqual([]);
});
