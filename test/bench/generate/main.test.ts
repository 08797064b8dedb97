import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

let out: string;

beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), "logq-generate-"));
});

afterEach(() => {
  rmSync(out, { recursive: true, force: true });
});

test("writes as many pods and lines as asked for, from the start time on, and says how much that is", () => {
  const done = generate("--out", out, "--pods", "2", "--lines", "100", "--start", "2026-03-01T10:00:00Z");
  expect(done).toMatchObject({ status: 0, stderr: "" });
  expect(done.stdout).toMatch(/^\S+: 100 lines, 0\.0 MB, \d+ MB\/s\n$/);
  const links = readdirSync(join(out, "var/log/containers"));
  const logs = links.map((name) => readFileSync(join(out, "var/log/containers", name), "utf8"));
  expect(logs.map((log) => log.split("\n").length - 1)).toEqual([50, 50]);
  expect(logs[0]!.startsWith("2026-03-01T10:00:00.")).toBe(true);
});

test("--bytes takes Fluent Bit's suffixes and is met within a tenth", () => {
  const { stdout } = generate("--out", out, "--bytes", "2M");
  const megabytes = Number(/ ([\d.]+) MB,/.exec(stdout)![1]);
  expect(Math.abs(megabytes - 2.1)).toBeLessThan(0.21);
});

test("--live writes in real time", () => {
  expect(generate("--out", out, "--pods", "1", "--live", "1", "--rate", "50").status).toBe(0);
  const [link] = readdirSync(join(out, "var/log/containers"));
  expect(readFileSync(join(out, "var/log/containers", link!), "utf8").split("\n").length).toBeGreaterThan(10);
});

test("a wrong value is an error that names the option; without --out the usage is printed", () => {
  expect(generate("--out", out, "--lines", "many")).toMatchObject({
    status: 1,
    stderr: "generate: read --lines many: give a whole number, as 500 or 10M\n",
  });
  expect(generate("--pods", "1")).toMatchObject({ status: 2 });
  expect(generate("--pods", "1").stdout).toContain("usage: node bench/generate/main.ts --out DIR");
});

function generate(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ["bench/generate/main.ts", ...args], { encoding: "utf8" });
}
