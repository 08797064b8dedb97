import { readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { faultyFiles } from "../../../helpers/faulty-files.ts";
import { openBed, restartBed, type Bed } from "../../bed.ts";
import { append, cri, T0_MS } from "../../fixture.ts";

const line = (text: string) => cri("stdout", "F", text);
const errorsOf = (bed: Bed) => bed.lines.filter(({ level }) => level === "error").map(({ text }) => text);
const filesOf = (bed: Bed) => readdirSync(join(bed.folder, "state/files")).toSorted();
const openDescriptors = () => readdirSync("/proc/self/fd").length;

test.each(["EXDEV", "EPERM", "EROFS", "EACCES", "EMLINK", "ENOTSUP", "ENOSPC", "EDQUOT", "EIO", "EMFILE"])(
  "a file that can't be linked (%s) is held open and shipped, though its name goes away",
  async (code) => {
    await using bed = await openBed();
    using files = await faultyFiles();
    files.fail({ op: "link", path: /./, code });
    const path = join(bed.logs, "a.log");
    append(path, line("1"));
    await bed.tail.discover(T0_MS);
    rmSync(path);
    await bed.run(T0_MS + 1000);
    expect(bed.logsShipped()).toEqual(["1"]);
    expect(bed.tail.mounts()).toMatchObject([{ mode: "held", reason: code }]);
  },
);

test("a mount that can't be linked is said once, not for each file", async () => {
  await using bed = await openBed();
  using files = await faultyFiles();
  files.fail({ op: "link", path: /./, code: "EXDEV" });
  for (const name of ["a", "b", "c"]) append(join(bed.logs, `${name}.log`), line(name));
  await bed.run(T0_MS);
  expect(bed.lines.filter(({ level }) => level === "warn").map(({ fields }) => fields["reason"])).toEqual(["EXDEV"]);
});

test.each(["ENOSPC", "EDQUOT", "EIO", "EROFS"])(
  "a file that can't be recorded (%s) waits, others are shipped, and it is shipped once that works",
  async (code) => {
    await using bed = await openBed();
    using files = await faultyFiles();
    await bed.run(T0_MS);
    const fault = files.fail({ op: "rename", path: /\.json$/, code, times: 1 });
    append(join(bed.logs, "a.log"), line("a"));
    append(join(bed.logs, "b.log"), line("b"));
    await bed.run(T0_MS + 1000);
    expect(fault.hits).toBe(1);
    // Both are recorded at the same time; which of them fails is the disk's to say.
    const [shipped] = bed.logsShipped();
    const waiting = shipped === "a" ? "b" : "a";
    expect(bed.logsShipped()).toEqual([shipped]);
    expect(errorsOf(bed)).toHaveLength(1);
    rmSync(join(bed.logs, `${waiting}.log`));
    await bed.run(T0_MS + 20_000);
    expect(bed.logsShipped()).toEqual([shipped, waiting]);
    expect(filesOf(bed).filter((name) => name.endsWith(".json"))).toHaveLength(2);
  },
);

test("a file that could neither be linked nor recorded is linked when that works again", async () => {
  await using bed = await openBed();
  using files = await faultyFiles();
  const descriptors = openDescriptors();
  files.fail({ op: "link", path: /./, code: "ENOSPC" });
  files.fail({ op: "rename", path: /\.json$/, code: "ENOSPC" });
  append(join(bed.logs, "a.log"), line("a"));
  await bed.run(T0_MS);
  expect(bed.logsShipped()).toEqual([]);
  expect(openDescriptors()).toBe(descriptors + 1);
  files.heal();
  await bed.run(T0_MS + 20_000);
  expect(bed.logsShipped()).toEqual(["a"]);
  expect(openDescriptors()).toBe(descriptors);
  expect(filesOf(bed).filter((name) => name.endsWith(".log"))).toHaveLength(1);
});

test("a chain's files are recorded in their order, so that a crash in between loses none", async () => {
  await using bed = await openBed();
  using files = await faultyFiles();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  files.fail({ op: "rename", path: /\.json$/, code: "ENOSPC", times: 1 });
  renameSync(path, `${path}.20261121-050001`);
  append(path, line("2"));
  await bed.run(T0_MS + 1000);
  renameSync(path, `${path}.20261121-050002`);
  append(path, line("3"));
  await bed.run(T0_MS + 2000);
  await using after = await restartBed(bed);
  await after.run(T0_MS + 20_000);
  await after.run(T0_MS + 30_000);
  expect([...bed.logsShipped(), ...after.logsShipped()]).toEqual(["1", "2", "3"]);
  expect(after.lines.filter(({ level }) => level === "warn")).toEqual([]);
});

test("a truncation that can't be recorded does not stop the other files", async () => {
  await using bed = await openBed();
  using files = await faultyFiles();
  append(join(bed.logs, "a.log"), line("a") + line("a"));
  await bed.run(T0_MS);
  files.fail({ op: "rename", path: /\.json$/, code: "ENOSPC", times: 1 });
  rmSync(join(bed.logs, "a.log"));
  append(join(bed.logs, "a.log"), line("x"));
  append(join(bed.logs, "b.log"), line("b"));
  await bed.run(T0_MS + 1000);
  await bed.run(T0_MS + 20_000);
  await bed.run(T0_MS + 30_000);
  expect(bed.logsShipped().toSorted()).toEqual(["a", "a", "b", "x"]);
});

test("an error that one file's check gives does not keep the others from being looked at", async () => {
  await using bed = await openBed();
  using files = await faultyFiles();
  append(join(bed.logs, "a.log"), line("1"));
  append(join(bed.logs, "b.log"), line("2"));
  await bed.run(T0_MS);
  files.fail({ op: "statSync", path: /a\.log$/, code: "EIO" });
  append(join(bed.logs, "a.log"), line("3"));
  append(join(bed.logs, "b.log"), line("4"));
  await bed.run(T0_MS + 1000);
  expect(bed.logsShipped()).toEqual(["1", "2", "4"]);
  expect(errorsOf(bed)).toContain("cannot look after a file; trying again");
  files.heal();
  await bed.run(T0_MS + 2000);
  expect(bed.logsShipped()).toEqual(["1", "2", "4", "3"]);
});

test("a file that can't be opened or read is tried again, without a leak", async () => {
  await using bed = await openBed({ links: false });
  using files = await faultyFiles();
  const descriptors = openDescriptors();
  files.fail({ op: "open", path: /a\.log$/, code: "EMFILE", times: 1 });
  files.fail({ op: "FileHandle.read", path: /a\.log$/, code: "EIO", times: 1 });
  append(join(bed.logs, "a.log"), line("1"));
  await bed.run(T0_MS);
  await bed.run(T0_MS + 1000);
  expect(openDescriptors()).toBe(descriptors);
  await bed.run(T0_MS + 2000);
  expect(bed.logsShipped()).toEqual(["1"]);
});

test("a folder that can't be listed while a file is taken up leaves neither link nor descriptor", async () => {
  await using bed = await openBed();
  using files = await faultyFiles();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  const fault = files.fail({ op: "stat", path: /state\/files\/.*\.log$/, code: "EIO", skip: 1, times: 1 });
  renameSync(path, `${path}.20261121-050001`);
  append(path, line("2"));
  await bed.run(T0_MS + 1000);
  fault.heal();
  await bed.run(T0_MS + 20_000);
  await bed.run(T0_MS + 30_000);
  expect(bed.logsShipped()).toEqual(["1", "2"]);
  expect(filesOf(bed).filter((name) => name.endsWith(".log"))).toHaveLength(2);
});

test.each([true, false])(
  "hundreds of rotations, deletions and restarts leak no descriptor and no link (links: %s)",
  async (links) => {
    await using first = await openBed({ links });
    let bed = first;
    const path = join(bed.logs, "a.log");
    append(path, line("0"));
    await bed.run(T0_MS);
    const descriptors = openDescriptors();
    let nowMs = T0_MS;
    for (let round = 1; round <= 200; round++) {
      nowMs += 100_000;
      renameSync(path, `${path}.20261121-050001`);
      append(path, line(String(round)));
      await bed.run(nowMs);
      await bed.run(nowMs + 10_000);
      rmSync(`${path}.20261121-050001`);
      for (const laterMs of [20_000, 90_000]) await bed.tail.poll(nowMs + laterMs, true);
      await bed.release();
      if (round % 20 === 0) bed = await restartBed(bed, { links });
    }
    expect(openDescriptors()).toBeLessThanOrEqual(descriptors);
    const names = filesOf(bed);
    expect(names.filter((name) => name.endsWith(".json"))).toHaveLength(1);
    expect(names.filter((name) => name.endsWith(".log"))).toHaveLength(links ? 1 : 0);
    await bed.positions.close();
    await bed.tail.close();
  },
);

test("files that are deleted while the disk takes its time over the first of them are shipped", async () => {
  await using bed = await openBed();
  using files = await faultyFiles();
  const names = ["a", "b", "c", "d", "e"];
  for (const name of names) append(join(bed.logs, `${name}.log`), line(name));
  const first = files.before({ op: "rename", path: /\.json$/, times: 1 }, () => {
    for (const name of names) rmSync(join(bed.logs, `${name}.log`));
  });
  await bed.run(T0_MS);
  expect(first.hits).toBe(1);
  expect(bed.logsShipped().toSorted()).toEqual(names);
});

test("files that are rotated and deleted while the disk takes its time over another rotation are shipped", async () => {
  await using bed = await openBed();
  using files = await faultyFiles();
  const names = ["a", "b", "c"];
  const path = (name: string) => join(bed.logs, `${name}.log`);
  for (const name of names) append(path(name), line(`${name} 1`));
  await bed.run(T0_MS);
  for (const name of names) {
    renameSync(path(name), `${path(name)}.1`);
    append(path(name), line(`${name} 2`));
  }
  const first = files.before({ op: "rename", path: /\.json$/, times: 1 }, () => {
    for (const name of names) rmSync(path(name));
  });
  await bed.run(T0_MS + 1000);
  await bed.run(T0_MS + 10_000);
  expect(first.hits).toBe(1);
  expect(bed.logsShipped().toSorted()).toEqual(names.flatMap((name) => [`${name} 1`, `${name} 2`]));
});
