import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SHELLS, completionScript, type Completable } from "../../query/completion-script.ts";

const WHAT: Completable = {
  options: {
    output: { short: "o", takes: { words: ["json", "log", "ndjson"] } },
    store: { takes: "directory" },
    pod: { short: "p", takes: { column: "pod" } },
    fields: { takes: { column: "fields" } },
    since: { takes: "text" },
    quiet: { short: "q", takes: null },
  },
  commands: { hist: { summary: "counts over time, it's bars" }, history: { summary: "what was asked" } },
  commandWords: { completion: ["bash", "zsh", "fish"], hist: [] },
};

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "logq-completion-"));
  const logq = join(folder, "logq");
  // Stands for the program: what the scripts ask of it.
  writeFileSync(
    logq,
    `#!/bin/sh\n[ "$1" = saved ] && echo errors || { [ "$3" = fields ] && echo "$*" || echo "$2:$3-1"; }\n`,
  );
  chmodSync(logq, 0o755);
  for (const shell of SHELLS) writeFileSync(join(folder, shell), completionScript(shell, WHAT));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("bash knows how to complete logq", () => {
  expect(bash("complete -p logq")).toBe("complete -F _logq logq");
});

test.each([
  [["hi"], "hist history"],
  [[""], "hist history"],
  [["--o"], "--output"],
  [["-"], "-o --output --store -p --pod --fields --since -q --quiet"],
  [["-o", ""], "json log ndjson"],
  [["-o", "l"], "log"],
  [["--output", "=", "nd"], "ndjson"],
  [["--output", "="], "json log ndjson"],
  [["-p", "ng"], "values:pod-1"],
  [["-p", "web,ng"], "web,values:pod-1"],
  [["--fields", "x"], String.raw`completion\ values\ fields\ x\ --\ --fields\ x`],
  [["--since", ""], ""],
  [["@e"], "@errors"],
  [["@x"], ""],
  [["completion", "z"], "zsh"],
  [["select 1", ""], ""],
])("bash completes %j", (words, expected) => {
  const list = ["logq", ...words].map((word) => `'${word}'`).join(" ");
  expect(bash(`COMP_WORDS=(${list}); COMP_CWORD=${words.length}; _logq; echo "\${COMPREPLY[*]}"`)).toBe(expected);
});

test("values that are commands or patterns are proposed as they are, quoted", () => {
  const program = join(folder, "hostile");
  const values = ["*", "$(touch pwned)", "`touch pwned`", "a b", "; touch pwned", "'x"];
  writeFileSync(program, `#!/bin/sh\ncat <<'EOF'\n${values.join("\n")}\nEOF\n`);
  chmodSync(program, 0o755);
  const script = `cd "${folder}"; COMP_WORDS=('${program}' -p ''); COMP_CWORD=2; _logq; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const proposed = bash(script).split("\n");
  const typed = proposed.map((word) => bash(`cd "${folder}"; set -f; printf '%s' ${word}`));
  expect(typed).toEqual(values);
  expect(readdirSync(folder)).not.toContain("pwned");
});

test("bash completes the directories of --store", () => {
  expect(bash(`cd /; COMP_WORDS=(logq --store us); COMP_CWORD=2; _logq; echo "\${COMPREPLY[*]}"`)).toBe("usr");
});

test.each(["zsh", "fish"] as const)("%s takes its script, where it is installed", (shell) => {
  const { error, status, stderr } = spawnSync(shell, ["-n", join(folder, shell)], { encoding: "utf8" });
  const isInstalled = error === undefined;
  expect({ status, stderr }).toEqual(isInstalled ? { status: 0, stderr: "" } : { status: null, stderr: null });
});

test("every option and command is in each script", () => {
  for (const shell of SHELLS) {
    const script = completionScript(shell, WHAT);
    for (const name of [...Object.keys(WHAT.options), ...Object.keys(WHAT.commands)]) expect(script).toContain(name);
  }
});

function bash(commands: string): string {
  const env = { PATH: `${folder}:${process.env["PATH"]}` };
  const script = `source '${join(folder, "bash")}'\n${commands}`;
  return execFileSync("bash", ["--norc", "-c", script], { encoding: "utf8", env }).trim();
}
