import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createDiscovery } from "../../../../agent/input/tail/discover.ts";
import { faultyFiles } from "../../../helpers/faulty-files.ts";
import { tailConfig } from "../../bed.ts";
import { tempFolder } from "../../fixture.ts";

async function discover(path: string, changes = {}) {
  const reports: string[] = [];
  const input = { ...tailConfig(path), ...changes };
  const look = createDiscovery(input, (at, reason) => reports.push(`${at}: ${reason}`));
  return { ...(await look(() => false)), reports };
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

test("sockets and devices are passed over in silence", async () => {
  using folder = tempFolder();
  const server = createServer().listen(join(folder.path, "socket.log"));
  await once(server, "listening");
  try {
    const sockets = await discover(join(folder.path, "*.log"));
    expect([sockets.targets, sockets.reports]).toEqual([[], []]);
  } finally {
    server.close();
  }
  const devices = await discover("/dev/nul[l]");
  expect([devices.targets, devices.reports]).toEqual([[], []]);
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

test("a followed path is resolved again if its link says something else, and all of them when asked to", async () => {
  using folder = tempFolder();
  const [a, b] = [join(folder.path, "a"), join(folder.path, "b")];
  for (const path of [a, b]) writeFileSync(path, "");
  const link = join(folder.path, "x.log");
  symlinkSync("middle", link);
  symlinkSync("a", join(folder.path, "middle"));
  const look = createDiscovery(tailConfig(join(folder.path, "*.log")), () => undefined);
  const resolved = async (anew = false) => (await look(() => true, anew)).targets.map((target) => target.resolved);
  expect(await resolved()).toEqual([a]);
  rmSync(join(folder.path, "middle"));
  symlinkSync("b", join(folder.path, "middle"));
  expect(await resolved()).toEqual([a]);
  expect(await resolved(true)).toEqual([b]);
  rmSync(link);
  symlinkSync("a", link);
  expect(await resolved()).toEqual([a]);
});

test("a file that was last written before ignore_older is not taken up, one that is followed stays", async () => {
  using folder = tempFolder();
  const [old, young] = [join(folder.path, "old.log"), join(folder.path, "young.log")];
  for (const path of [old, young]) writeFileSync(path, "");
  utimesSync(old, Date.now() / 1000 - 3700, Date.now() / 1000 - 3700);
  const look = createDiscovery(
    { ...tailConfig(join(folder.path, "*.log")), ignoreOlderMs: 3_600_000 },
    () => undefined,
  );
  expect((await look(() => false)).targets.map(({ path }) => path)).toEqual([young]);
  expect((await look((path) => path === old)).targets.map(({ path }) => path)).toEqual([old, young]);
  utimesSync(old, Date.now() / 1000, Date.now() / 1000);
  expect((await look(() => false)).targets.map(({ path }) => path)).toEqual([old, young]);
});

test("new names may appear in the base, in what is on the way, and in a last folder that has none yet", async () => {
  using folder = tempFolder();
  for (const name of ["full/c", "bare/c", "other"]) mkdirSync(join(folder.path, name), { recursive: true });
  writeFileSync(join(folder.path, "full/c/0.log"), "");
  const { folders } = await discover(join(folder.path, "*/*/*.log"));
  expect(folders.map((path) => path.slice(folder.path.length + 1)).toSorted()).toEqual([
    "",
    "bare",
    "bare/c",
    "full",
    "other",
  ]);
});

test("a look at files that are followed resolves none of them", async () => {
  using folder = tempFolder();
  for (let n = 0; n < 50; n++) {
    writeFileSync(join(folder.path, `${n}.txt`), "");
    symlinkSync(`${n}.txt`, join(folder.path, `${n}.log`));
  }
  const look = createDiscovery(tailConfig(join(folder.path, "*.log")), () => undefined);
  await look(() => false);
  using files = await faultyFiles();
  const resolved = files.before({ op: "statSync", path: /\.txt$/ }, () => undefined);
  symlinkSync("0.txt", join(folder.path, "new.log"));
  const { targets } = await look((path) => /\d\.txt$/.test(path));
  expect([targets.length, resolved.hits]).toEqual([50, 1]);
});

test("of paths that are followed only the changed links are read", async () => {
  using folder = tempFolder();
  const [first, second] = ["1", "2"].map((name) => join(folder.path, `${name}.log`));
  for (const name of ["1", "2", "3"]) writeFileSync(join(folder.path, name), "");
  symlinkSync("1", first!);
  symlinkSync("2", second!);
  const look = createDiscovery(tailConfig(join(folder.path, "*.log")), () => undefined);
  await look(() => true);
  rmSync(second!);
  symlinkSync("3", second!);
  using files = await faultyFiles();
  const read = files.before({ op: "readlinkSync", path: /1\.log$/ }, () => undefined);
  const { targets } = await look(() => true, false, new Set([second!]));
  expect(targets.map(({ resolved }) => resolved.slice(-1))).toEqual(["1", "3"]);
  expect(read.hits).toBe(0);
});
