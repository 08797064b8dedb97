import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { discoverTargets } from "../../../../agent/input/tail/discover.ts";
import { tailConfig } from "../../bed.ts";
import { tempFolder } from "../../fixture.ts";

async function discover(path: string, changes = {}) {
  const reports: string[] = [];
  const targets = await discoverTargets({ ...tailConfig(path), ...changes }, (at, reason) =>
    reports.push(`${at}: ${reason}`),
  );
  return { targets, reports };
}

test("links of a containers folder lead into the pods folder beside it", async () => {
  using folder = tempFolder();
  const pod = join(folder.path, "pods/ns_p_uid/c");
  mkdirSync(pod, { recursive: true });
  mkdirSync(join(folder.path, "containers"));
  writeFileSync(join(pod, "0.log"), "");
  symlinkSync(join(pod, "0.log"), join(folder.path, "containers/p.log"));
  const { targets } = await discover(join(folder.path, "containers/*.log"));
  expect(targets).toEqual([
    expect.objectContaining({
      path: join(folder.path, "containers/p.log"),
      resolved: join(pod, "0.log"),
      plainPath: false,
    }),
  ]);
});

test("a planted link to another file of the node is refused, with a report", async () => {
  using folder = tempFolder();
  mkdirSync(join(folder.path, "logs"));
  writeFileSync(join(folder.path, "logs-secret"), "secret");
  symlinkSync("/etc/passwd", join(folder.path, "logs/evil.log"));
  symlinkSync("../logs-secret", join(folder.path, "logs/sly.log"));
  const { targets, reports } = await discover(join(folder.path, "logs/*.log"));
  expect(targets).toEqual([]);
  expect(reports).toHaveLength(2);
  expect(reports[0]).toContain("evil.log: its link leads to /etc/passwd, outside of");
});

test("dangling links, folders and FIFOs are passed over in silence", async () => {
  using folder = tempFolder();
  symlinkSync("nowhere", join(folder.path, "dangling.log"));
  symlinkSync("loop.log", join(folder.path, "loop.log"));
  mkdirSync(join(folder.path, "folder.log"));
  execFileSync("mkfifo", [join(folder.path, "fifo.log")]);
  const { targets, reports } = await discover(join(folder.path, "*.log"));
  expect(targets).toEqual([]);
  expect(reports).toEqual([expect.stringContaining("ELOOP")]);
});

test("a file that two patterns or two links name is found once, an excluded one never", async () => {
  using folder = tempFolder();
  writeFileSync(join(folder.path, "a.log"), "");
  writeFileSync(join(folder.path, "b.log"), "");
  symlinkSync("a.log", join(folder.path, "link.log"));
  const path = [join(folder.path, "*.log"), join(folder.path, "a.log")];
  const { targets } = await discover("", { path, excludePath: ["*b.log"] });
  expect(targets.map(({ resolved }) => resolved)).toEqual([join(folder.path, "a.log")]);
});
