import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import picomatch from "picomatch";
import { afterEach, beforeEach, expect, test } from "vitest";
import { countLines, escapeGlob, findLogFiles } from "../../quickstart/log-files.ts";

let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "logq-files-")));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("a folder stands for every regular file below it, in order of names", () => {
  mkdirSync(join(folder, "b/c"), { recursive: true });
  for (const name of ["z.log", "a.log", "b/c/deep"]) writeFileSync(join(folder, name), "x\n");
  expect(pathsOf(folder)).toEqual(["a.log", "b/c/deep", "z.log"].map((name) => join(folder, name)));
});

test("a link to a file is followed, once even if the file is named too; a link to a folder is not", () => {
  mkdirSync(join(folder, "logs"));
  writeFileSync(join(folder, "logs/a.log"), "x\n");
  symlinkSync(join(folder, "logs/a.log"), join(folder, "logs/again.log"));
  symlinkSync(folder, join(folder, "logs/loop"));
  expect(pathsOf(join(folder, "logs"), join(folder, "logs/a.log"))).toEqual([join(folder, "logs/a.log")]);
});

test("gzipped files are skipped, and said to be", () => {
  writeFileSync(join(folder, "old.log.1"), gzipSync("x\n"));
  const found = findLogFiles([folder]);
  expect(found).toEqual({ files: [], skipped: [`${join(folder, "old.log.1")}: compressed`] });
});

test("a dangling link below a folder is skipped, and said to be", () => {
  symlinkSync(join(folder, "gone"), join(folder, "a.log"));
  expect(findLogFiles([folder]).skipped).toEqual([`${join(folder, "a.log")}: there is no such file or folder`]);
});

test("a path that is missing or no log file is an error that names it and says what to do", () => {
  expect(() => findLogFiles([join(folder, "nope")])).toThrow(
    `read ${folder}/nope: there is no such file or folder; give log files, or folders that hold some`,
  );
  expect(() => findLogFiles(["/dev/null"])).toThrow("read /dev/null: it is neither a file nor a folder");
});

test("lines are counted as grep -c '' does: an unterminated rest is one, an empty file has none", () => {
  for (const [text, lines] of [
    ["", 0],
    ["\n", 1],
    ["a\nb", 2],
    ["a\n\nb\n", 3],
    ["x".repeat(2_000_000), 1],
  ] as const) {
    writeFileSync(join(folder, "a"), text);
    expect(countLines(join(folder, "a"))).toBe(lines);
  }
});

test("a path with wildcards in its name, escaped, matches itself alone", () => {
  const path = "/logs/a[1]*?.log";
  const matches = picomatch(escapeGlob(path), { nobrace: true });
  expect(matches(path)).toBe(true);
  expect(matches("/logs/a1xx.log")).toBe(false);
});

function pathsOf(...paths: string[]): string[] {
  return findLogFiles(paths).files.map((file) => file.path);
}
