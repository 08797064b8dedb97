import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface LockedPackage {
  readonly integrity?: string;
  readonly optional?: boolean;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
  readonly license?: string;
}

const read = (name: string) => JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), "utf8")) as unknown;
const LOCK = (read("package-lock.json") as { packages: Readonly<Record<string, LockedPackage>> }).packages;
const PACKAGES = Object.entries(LOCK).filter(([path]) => path !== "");

test("what is installed is what was looked at: every package has its hash, but those of other platforms", () => {
  const open = PACKAGES.filter(([, { integrity, optional }]) => !integrity?.startsWith("sha512-") && optional !== true);
  expect(open.map(([path]) => path)).toEqual([]);
});

test("packages that run something when they are installed are those that are let", () => {
  const { allowScripts } = read("package.json") as { allowScripts: Readonly<Record<string, boolean>> };
  const running = PACKAGES.filter(([, { hasInstallScript }]) => hasInstallScript === true);
  expect(running.map(([path]) => path.replace("node_modules/", ""))).toEqual(Object.keys(allowScripts));
  expect(running.every(([, { dev }]) => dev === true)).toBe(true);
});

test("what is shipped is under licences that let it be", () => {
  const licences = new Set(PACKAGES.filter(([, { dev }]) => dev !== true).map(([, { license }]) => license));
  expect(licences).toEqual(new Set(["0BSD", "Apache-2.0", "ISC", "MIT"]));
});

test("the notices have name, version and text of each package that a file is of, each text once", () => {
  const files = ["pino/pino.js", "pino/lib/proto.js", "yaml/dist/index.js", "@smithy/types/dist-cjs/index.js"];
  const notices = notice(["agent/main.ts", ...files.map((file) => `node_modules/${file}`)]);
  expect(notices).toMatch(/^logq contains these packages/);
  for (const name of ["pino", "yaml", "@smithy/types"]) {
    const { version } = read(`node_modules/${name}/package.json`) as { version: string };
    expect(notices.split(`${name} ${version} (`)).toHaveLength(2);
  }
  expect(notices.split("Permission is hereby granted")).toHaveLength(2);
});

function notice(inputs: readonly string[]): string {
  const code = `import { noticesOf } from "./notices.mjs"; process.stdout.write(noticesOf(${JSON.stringify(inputs)}))`;
  const cwd = new URL("..", import.meta.url).pathname;
  return execFileSync(process.execPath, ["--input-type=module", "-e", code], { cwd, encoding: "utf8" });
}
