import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { COMMANDS } from "../../../query/commands/registry.ts";
import { OPTION_TABLE } from "../../../query/options.ts";
import { makeStore } from "../../helpers/store.ts";
import { runLogq } from "../run-logq.ts";

let store = "";
beforeAll(async () => {
  store = await mkdtemp(join(tmpdir(), "logq-completion-"));
  await makeStore(store);
});
afterAll(() => rm(store, { recursive: true }));

test.each(["bash", "zsh", "fish"])("the script for %s has every option and every command", async (shell) => {
  const { code, stdout, opened } = await logq(shell);
  expect({ code, opened }).toEqual({ code: 0, opened: false });
  const dashes = shell === "fish" ? "-l " : "--";
  for (const name of Object.keys(OPTION_TABLE)) expect(stdout).toContain(`${dashes}${name}`);
  for (const name of Object.keys(COMMANDS)) expect(stdout).toContain(name);
});

test("values are those of the newest hour that start with what was typed", async () => {
  expect((await logq("values", "pod", "n")).stdout).toBe("nginx\nnginx-7c5ddbdf54-abcde\n");
  expect((await logq("values", "cluster")).stdout).toBe("prod\n");
});

test.each([
  [[], "namespace\nnode\n"],
  [["select ts from alb"], ""],
  [["'select ts from eks_audit'", "--fields"], "namespace\nname\nnode\n"],
  [["\"select ' from alb', n from logs\"", "--fields"], "namespace\nnode\n"],
])("--fields has the columns of the table that %j reads", async (line, names) => {
  expect((await logq("values", "fields", "n", "--", ...line)).stdout).toBe(names);
});

test("tables are completed where their names stand", async () => {
  const { stdout } = await logq("bash");
  expect(stdout).toContain("schema) _logq_words 'logs eks_audit cloudtrail alb vpc_flow'");
  expect(stdout).toContain("init) _logq_words 'cloudtrail alb vpc_flow'");
});

test("a key that was pressed where there is no store says nothing", async () => {
  const ran = await runLogq(["completion", "values", "pod"], { env: { LOGQ_STORE: "/nowhere" } });
  expect(ran).toMatchObject({ code: 0, stdout: "", stderr: "" });
});

test("another shell is refused", async () => {
  expect((await logq("bsh")).stderr).toContain("did you mean logq completion bash?");
  expect((await logq()).code).toBe(2);
});

function logq(...argv: string[]) {
  return runLogq(["completion", ...argv], { env: { LOGQ_STORE: store } });
}
