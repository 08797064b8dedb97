import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { expandGlob, globBase, globMatcher, pathMatcher } from "../../../../agent/input/tail/glob.ts";
import { tempFolder } from "../../fixture.ts";

test.each([
  ["/var/log/containers/*.log", "/var/log/containers"],
  ["/var/log/*/x.log", "/var/log"],
  ["/*.log", "/"],
  ["/var/log/app.log", "/var/log"],
])("all that %s can match lies below %s", (pattern, base) => {
  expect(globBase(pattern)).toBe(base);
});

test.each([
  ["/l/*.log", "/l/a.log", true],
  ["/l/*.log", "/l/b/a.log", false],
  ["/l/*.log", "/l/.a.log", false],
  ["/l/.*.log", "/l/.a.log", true],
  ["/l/?.log", "/l/a.log", true],
  ["/l/?.log", "/l/ab.log", false],
  ["/l/[ab].log", "/l/b.log", true],
  ["/l/[!ab].log", "/l/b.log", false],
  ["/l/[!ab].log", "/l/c.log", true],
  ["/l/[a-c]*.log", "/l/bx.log", true],
  ["/l/**.log", "/l/b/a.log", false],
  ["/l/{a,b}.log", "/l/a.log", false],
  ["/l/{a,b}.log", "/l/{a,b}.log", true],
  ["/l/a+(b)*.log", "/l/a+(b)c.log", true],
  ["/l/a(b)*.log", "/l/a(b)c.log", true],
  ["/l/a(b)*.log", "/l/abc.log", false],
  ["/l/c++*.log", "/l/c++1.log", true],
  ["/l/!*.log", "/l/!a.log", true],
  ["/l/$x^*.log", "/l/$x^1.log", true],
  ["/l/a|b*.log", "/l/a|bc.log", true],
])("glob %s on %s: %s", (pattern, path, expected) => {
  expect(globMatcher([pattern])(path)).toBe(expected);
});

test.each([
  ["*_kube-system_*", "/var/log/containers/p_kube-system_c-1.log", true],
  ["/var/log/*", "/var/log/containers/a.log", true],
  ["*.gz", "/var/log/containers/a.log", false],
  ["*", "/var/log/.hidden", true],
])("exclude_path %s on %s: %s", (pattern, path, expected) => {
  expect(pathMatcher([pattern])(path)).toBe(expected);
});

test("a glob names the same paths on disk as it matches, sorted", async () => {
  using folder = tempFolder();
  for (const name of ["b", "a", ".c"]) mkdirSync(join(folder.path, name));
  for (const name of ["b/x.log", "a/y.log", "a/x.txt", ".c/z.log", "a/.x.log"])
    writeFileSync(join(folder.path, name), "");
  const pattern = join(folder.path, "*/*.log");
  const { paths } = await expandGlob(pattern, () => undefined);
  expect(paths).toEqual([join(folder.path, "a/y.log"), join(folder.path, "b/x.log")]);
  expect(paths.every(globMatcher([pattern]))).toBe(true);
});

test("a folder that is missing has no files, and that is no error", async () => {
  const errors: string[] = [];
  expect((await expandGlob("/nowhere/at/all/*.log", (path) => errors.push(path))).paths).toEqual([]);
  expect(errors).toEqual([]);
});

test.each([
  ["/l/[]a].log", "/l/].log", true],
  ["/l/[a.log", "/l/[a.log", true],
  [String.raw`/l/\*.log`, "/l/*.log", true],
  [String.raw`/l/\*.log`, "/l/a.log", false],
  ["/l/a[^b]c", "/l/a/c", false],
  ["/l/[.]a", "/l/.a", false],
  ["/l/[]", "/l/[]", true],
  ["/l/[z-a].log", "/l/b.log", false],
  ["/l/[!z-a].log", "/l/b.log", true],
  ["/l/[xz-a].log", "/l/x.log", true],
  ["/l/[a-].log", "/l/-.log", true],
  ["/l/[[:alpha:]].log", "/l/b.log", true],
  ["/l/[[:alpha:]].log", "/l/:.log", false],
  ["/l/[[:alpha:]].log", "/l/5.log", false],
  ["/l/[^[:digit:]_]x", "/l/5x", false],
  ["/l/[^[:digit:]_]x", "/l/ax", true],
  ["/l/[[:digit:][:upper:]-]x", "/l/-x", true],
  ["/l/[[:nothing:]]x", "/l/nx", false],
  [String.raw`/l/[\d]x`, "/l/5x", false],
])("glob %s on %s, an odd one: %s", (pattern, path, expected) => {
  expect(globMatcher([pattern])(path)).toBe(expected);
});
