import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { examineConfig } from "../../config/load.ts";
import { tempFolder } from "../agent/fixture.ts";
import { BASE, load } from "./fixture.ts";

/** What is said of a configuration that includes something called `bad.yaml`, after the place where it is named. */
function problemsOf(make: (path: string) => void, format: "yaml" | "classic" = "yaml"): string {
  using folder = tempFolder();
  make(join(folder.path, "bad.yaml"));
  const main = join(folder.path, "main");
  writeFileSync(
    main,
    format === "yaml" ? `includes: [bad.yaml]\n${BASE}` : "@INCLUDE bad.yaml\n[OUTPUT]\n  name stdout\n",
  );
  return examineConfig(main, {})
    .problems.map((problem) => problem.replaceAll(`${folder.path}/`, ""))
    .join("\n");
}

test.each(["yaml", "classic"] as const)(
  "an include that is no file is refused at once, and waits for nobody (%s)",
  (format) => {
    expect(problemsOf((path) => execFileSync("mkfifo", [path]), format)).toMatch(
      /^main:.*cannot read bad.yaml: it is no regular file/,
    );
    expect(problemsOf((path) => symlinkSync("/dev/zero", path), format)).toMatch(
      /cannot read bad.yaml: it is no regular file/,
    );
    expect(problemsOf((path) => mkdirSync(path), format)).toMatch(/cannot read bad.yaml: /);
  },
);

test("an include that is huge is not read to its end", () => {
  expect(problemsOf((path) => writeFileSync(path, Buffer.alloc(5 << 20, "#")))).toContain(
    "cannot read bad.yaml: it is larger than 4 MiB; is it a configuration?",
  );
});

test("an include that leads back to the main file by a link is a circle or a double, not the end of the memory", () => {
  expect(problemsOf((path) => symlinkSync("main", path))).toMatch(/include each other in a circle|included twice/);
});

test("the main file may come from a pipe", () => {
  using folder = tempFolder();
  const main = join(folder.path, "main");
  writeFileSync(main, BASE);
  const loader = new URL("../../config/load.ts", import.meta.url).href;
  const code = `const { loadConfig } = await import("${loader}"); console.log(loadConfig("/dev/stdin", {}).config.service.cluster)`;
  const script = 'cat "$1" | "$2" --input-type=module -e "$3"';
  expect(execFileSync("sh", ["-c", script, "sh", main, process.execPath, code], { encoding: "utf8" })).toBe("prod\n");
});

test("nesting without an end is a problem of the file, not of the stack", () => {
  for (const text of ["[".repeat(100_000), `a: ${"{b: ".repeat(50_000)}`, "- ".repeat(50_000)]) {
    const { problems } = load(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems[0]!.length).toBeLessThan(500);
  }
});

test("aliases of aliases take no more room than their text", () => {
  const levels = Array.from({ length: 30 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}, *a${n}]`);
  const { problems } = load(`a0: &a0 [x]\n${levels.join("\n")}\n${BASE}`);
  expect(problems[0]).toContain("unknown section");
  expect(load(`a0: &a0 [x]\n${levels.join("\n")}\nservice: {cluster: *a30}\n`).problems.join()).not.toBe("");
});

test("variables that double each other are stopped at a length", () => {
  const doubling = Array.from({ length: 60 }, (_, n) => `  V${n + 1}: \${V${n}}\${V${n}}`);
  const { problems } = load(`env:\n  V0: x\n${doubling.join("\n")}\n${BASE.replace("prod", "${V60}")}`);
  expect(problems[0]).toBe(
    "agent.yaml:23:8: env.V21: longer than 1048576 characters with its variables; make it shorter",
  );
});
