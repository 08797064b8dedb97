import { execFileSync } from "node:child_process";
import { chownSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PLAIN_UID } from "../../deploy/docker/system-files.ts";
import { otherMount } from "../helpers/other-mount.ts";
import { entry } from "../agent/input/systemd/bed.ts";
import { writeJournal } from "../journal/write-journal.ts";
import { makeLog, makeNode, proof, untilShipped } from "./node.ts";

/* The assembled root, run as a pod of the DaemonSet is run. `npm run test:image` says where it is. */

const ROOT = process.env["IMAGE_ROOT"]!;
/** terminationGracePeriodSeconds of the DaemonSet. */
const GRACE_MS = 40_000;
/** Says of each module whether its compiled code was found; `writing` where it is kept. */
const TRACE_CACHE = { NODE_DEBUG_NATIVE: "COMPILE_CACHE" };
const GIGABYTE = 1 << 30;
const ARRAY = "/mnt/k8s-disks/0";

/** What the kernel says of a process: /proc/<pid>/status. */
function statusOf(pid: number): Record<string, string> {
  const lines = readFileSync(`/proc/${pid}/status`, "utf8").trim().split("\n");
  return Object.fromEntries(lines.map((line) => line.split(/:\s*/, 2) as [string, string]));
}

/** The options of the process's mount at `path`, of which the last counts. */
function mountOptions(pid: number, path: string): string[] {
  const lines = readFileSync(`/proc/${pid}/mountinfo`, "utf8").trim().split("\n");
  return lines.map((line) => line.split(" ")).findLast((fields) => fields[4] === path)![5]!.split(","); // prettier-ignore
}

/** Names, sizes and times of all that is in a folder. */
function fingerprint(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .toSorted()
    .map((path) => `${path} ${lstatSync(join(folder, path)).size} ${lstatSync(join(folder, path)).mtimeMs}`);
}

/** Links to logs in a state folder, by inode. */
function linkedInodes(state: string): number[] {
  const files = readdirSync(join(state, "files")).filter((name) => name.endsWith(".log"));
  return files.map((name) => statSync(join(state, "files", name)).ino);
}

test("it holds two programs, node and journalctl, and no shell", () => {
  const programs = readdirSync(join(ROOT, "usr/bin"));
  expect(programs).toEqual(["journalctl", "node"]);
  proof(`programs: ${programs.join(", ")}`);
});

test("it says under which licences its parts may be used", () => {
  const folder = join(ROOT, "usr/lib/logq");
  expect(readFileSync(join(folder, "LICENSE"), "utf8")).toContain("Apache License");
  expect(readFileSync(join(folder, "THIRD-PARTY-NOTICES"), "utf8")).toMatch(/@smithy\/core/);
});

test("as root without a capability, on a read-only root, it ships with links, and drains on SIGTERM", async () => {
  await using node = await makeNode(ROOT);
  const log = makeLog(node.logs);
  const before = fingerprint(ROOT);
  await using pod = await node.start({ env: TRACE_CACHE });
  const { Uid, CapEff, CapPrm, CapBnd, CapAmb, NoNewPrivs } = statusOf(pod.pid);
  const nothing = "0".repeat(16);
  expect({ Uid, CapEff, CapPrm, CapBnd, CapAmb, NoNewPrivs }).toEqual({
    Uid: "0\t0\t0\t0",
    CapEff: nothing,
    CapPrm: nothing,
    CapBnd: nothing,
    CapAmb: nothing,
    NoNewPrivs: "1",
  });
  expect(mountOptions(pod.pid, "/")).toContain("ro");
  proof(
    `uid ${Uid!.split("\t")[0]}, CapBnd ${CapBnd}, NoNewPrivs ${NoNewPrivs}, / ${mountOptions(pod.pid, "/").join(",")}`,
  );

  log.write("first");
  await untilShipped(node, pod, ["first"]);
  const { ino, nlink } = statSync(log.path);
  expect(nlink).toBe(2);
  expect(linkedInodes(join(node.logs, "logq"))).toEqual([ino]);
  expect((await node.health()).mounts).toEqual([{ path: "/var/log", mode: "linked", reason: null }]);
  proof(`the log's inode ${ino} has ${nlink} links, one of them in the state folder; health says linked`);

  log.write("the last words");
  const { code, ms } = await pod.stop();
  expect(code).toBe(0);
  expect(ms).toBeLessThan(GRACE_MS);
  expect(await node.shipped()).toEqual(["first", "the last words"]);
  proof(`SIGTERM: what waited was shipped, exit code ${code} after ${(ms / 1000).toFixed(1)} s`);

  const found = [...pod.said().matchAll(/reading cache from (\S+) for .*\.\.\. success/g)].map(([, path]) => path);
  expect(found.length).toBeGreaterThanOrEqual(2);
  expect(pod.said()).not.toMatch(/writing cache .*success/);
  expect(fingerprint(ROOT)).toEqual(before);
  proof(`${found.length} modules were loaded from the image's compile cache; nothing of the root was changed`);
});

test("what is rotated and deleted while no pod runs is shipped by the next one", async () => {
  await using node = await makeNode(ROOT);
  const log = makeLog(node.logs);
  {
    await using pod = await node.start({});
    log.write("first");
    await untilShipped(node, pod, ["first"]);
    expect(linkedInodes(join(node.logs, "logq"))).toHaveLength(1);
    expect((await pod.stop()).code).toBe(0);
  }
  log.write("deleted");
  rmSync(log.path);
  await using next = await node.start({});
  await untilShipped(node, next, ["deleted", "first"]);
  proof("a line that was written and deleted between two pods was shipped by its link");
});

test("as an ordinary user it says that it can't link, and ships from open files", async () => {
  await using node = await makeNode(ROOT);
  const state = join(node.logs, "logq");
  mkdirSync(state);
  chownSync(state, PLAIN_UID, PLAIN_UID);
  const adm = 4;
  const log = makeLog(node.logs, adm);
  const user = { uid: PLAIN_UID, groups: [adm] };
  await using pod = await node.start({ user, env: TRACE_CACHE });
  expect(statusOf(pod.pid)["Uid"]).toBe(Array(4).fill(PLAIN_UID).join("\t"));
  log.write("first");
  await untilShipped(node, pod, ["first"]);
  // fs.protected_hardlinks: of a file of another's, which it may not write.
  const held = { path: "/var/log", mode: "held", reason: "EPERM" };
  expect((await node.health()).mounts).toEqual([held]);
  expect(statSync(log.path).nlink).toBe(1);
  const line = pod.said().split("\n").find((each) => each.includes("can't be linked"))!; // prettier-ignore
  expect(JSON.parse(line)).toMatchObject({ level: "warn", mount: held.path, reason: held.reason });
  expect(pod.said()).toMatch(/reading cache from \S+ for .*\.\.\. success/);
  expect((await pod.stop()).code).toBe(0);
  proof(`uid ${PLAIN_UID}: ${line}`);
});

test("with journalctl it reads systemd's journal", async () => {
  await using node = await makeNode(ROOT);
  const journal = join(node.logs, "journal");
  mkdirSync(journal);
  const usec = Date.now() * 1000;
  await writeJournal(journal, "system", [
    { ...entry(1, { MESSAGE: "from the journal", _SYSTEMD_UNIT: "kubelet.service" }), usec },
  ]);
  const config = readFileSync(new URL("../../deploy/kubernetes/base/agent.yaml", import.meta.url), "utf8").replace(
    "  inputs:\n",
    "  inputs:\n    - {name: systemd, tag: host.*, path: /var/log/journal}\n",
  );
  await using pod = await node.start({ config });
  await untilShipped(node, pod, ["from the journal"]);
  expect((await pod.stop()).code).toBe(0);
  proof("an entry that systemd-journal-remote wrote was shipped");
});

test("on instance store, by the ordinary profile, it says that it can't link, and ships from open files", async () => {
  using array = otherMount(GIGABYTE);
  await using node = await makeNode(ROOT);
  mkdirSync(join(node.logs, "pods"));
  const log = makeLog(array!.path);
  execFileSync("cp", ["-a", join(array!.path, "containers"), node.logs]);
  // As the node has it: /var/log/pods is a folder of the array.
  const volumes = [
    { from: node.logs, at: "/var/log" },
    { from: join(array!.path, "pods"), at: "/var/log/pods" },
  ];
  await using pod = await node.start({ volumes });
  log.write("first");
  await untilShipped(node, pod, ["first"]);
  expect((await node.health()).mounts).toMatchObject([{ path: "/var/log/pods", mode: "held", reason: "EXDEV" }]);
  expect(statSync(log.path).nlink).toBe(1);
  const line = pod.said().split("\n").find((each) => each.includes("can't be linked"))!; // prettier-ignore
  expect(JSON.parse(line)).toMatchObject({ level: "warn", reason: "EXDEV" });
  expect((await pod.stop()).code).toBe(0);
  proof(`/var/log/pods of another file system: ${line}`);
});

test("on instance store, by its profile, it links, and can't look into what else the array holds", async () => {
  using array = otherMount(GIGABYTE);
  await using node = await makeNode(ROOT);
  const log = makeLog(array!.path);
  const hidden = join(node.folder, "hidden");
  mkdirSync(hidden);
  for (const name of ["kubelet", "containerd"]) mkdirSync(join(array!.path, name, "secret"), { recursive: true });
  const volumes = [
    { from: array!.path, at: "/var/log" },
    ...["kubelet", "containerd"].map((name) => ({ from: hidden, at: `/var/log/${name}`, readOnly: true })),
  ];
  await using pod = await node.start({ volumes, env: { LOG_PATH: "/var/log/pods/*/*/*.log" } });
  log.write("first");
  await untilShipped(node, pod, ["first"]);
  const { ino, nlink } = statSync(log.path);
  expect(nlink).toBe(2);
  expect(linkedInodes(join(array!.path, "logq"))).toEqual([ino]);
  expect((await node.health()).mounts).toEqual([{ path: "/var/log", mode: "linked", reason: null }]);
  expect(readdirSync(`/proc/${pod.pid}/root/var/log/kubelet`)).toEqual([]);
  log.write("the last words");
  expect((await pod.stop()).code).toBe(0);
  expect(await node.shipped()).toEqual(["first", "the last words"]);
  proof(`${ARRAY} as /var/log: inode ${ino} has ${nlink} links, health says linked; its kubelet/ is hidden`);
});

test("with read-only logs nothing of the node's logs is written, and files are held", async () => {
  await using node = await makeNode(ROOT);
  const state = join(node.folder, "state");
  mkdirSync(state);
  const log = makeLog(node.logs);
  const volumes = [
    { from: node.logs, at: "/var/log", readOnly: true },
    { from: state, at: "/var/lib/logq" },
  ];
  await using pod = await node.start({ volumes, env: { LINKS: "off", STATE_PATH: "/var/lib/logq" } });
  expect(mountOptions(pod.pid, "/var/log")).toContain("ro");
  log.write("first");
  await untilShipped(node, pod, ["first"]);
  expect((await node.health()).mounts).toMatchObject([{ mode: "held", reason: "links: off" }]);
  expect(readdirSync(node.logs).toSorted()).toEqual(["containers", "pods"]);
  expect((await pod.stop()).code).toBe(0);
  proof("links: off, /var/log mounted read-only: shipped from open files");
});
