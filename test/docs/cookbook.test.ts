import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { writeRows } from "../helpers/store.ts";
import { runLogq, type Ran } from "../query/run-logq.ts";
import { trinoSyntaxErrors } from "../query/dialect/trino-grammar.ts";
import { INCIDENT_CLUSTER, incidentRows } from "./incident.ts";
import { shellWords } from "./shell-words.ts";

interface Recipe {
  readonly question: string;
  readonly command: string;
  readonly answer: string;
}

const markdown = await readFile("docs/cookbook.md", "utf8");
const recipes: readonly Recipe[] = Array.from(
  markdown.matchAll(/^### (.+)\n\n```sh\n([^`]+)\n```\n\n```text\n([^`]*)```$/gm),
  ([, question, command, answer]) => ({ question: question!, command: command!, answer: answer! }),
);
let store: string;

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
beforeAll(async () => {
  store = await mkdtemp(join(tmpdir(), "logq-cookbook-"));
  await writeRows(store, incidentRows(), INCIDENT_CLUSTER);
});

afterAll(() => rm(store, { recursive: true, force: true }));

test("the cookbook answers 40 questions at least, and each has a command and an answer", () => {
  expect(recipes.map(({ question }) => question)).toEqual(Array.from(markdown.matchAll(/^### (.+)$/gm), ([, q]) => q));
  expect(recipes.length).toBeGreaterThanOrEqual(40);
});

test.each(recipes)("$question", async ({ command, answer }) => {
  const { code, stdout, stderr } = await run(command);
  expect({ code, stdout: tidy(stdout), stderr: code === 0 ? "" : stderr }).toEqual({
    code: 0,
    stdout: answer,
    stderr: "",
  });
});

// A subcommand and -C are several queries; the text of their own is what the other engine has to take.
test.each(recipes.filter(({ command }) => !/ -C |^logq (hist|values)/.test(command)))(
  "on Athena: $question",
  async ({ command }) => {
    const { code, stdout, stderr } = await run(`${command} -e athena --cluster prod --explain`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(trinoSyntaxErrors(stdout)).toEqual([]);
  },
);

/** As on a terminal, so that nobody has to type -o. */
function run(command: string): Promise<Ran> {
  const [program, ...argv] = shellWords(command);
  expect(program).toBe("logq");
  return runLogq(argv, { terminal: "both", env: { LOGQ_STORE: store, NO_COLOR: "1", PAGER: "cat" } });
}

function tidy(stdout: string): string {
  return stdout.replaceAll(/ +$/gm, "");
}
