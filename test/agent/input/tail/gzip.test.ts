import { readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { openBed, restartBed, type Bed } from "../../bed.ts";
import { append, cri, T0_MS } from "../../fixture.ts";
import { faultyFiles } from "../../../helpers/faulty-files.ts";

const line = (text: string) => cri("stdout", "F", text);
const rotated = (path: string, n: number) => `${path}.20261121-05000${n}`;
const warnings = (bed: Bed) => bed.lines.filter(({ level }) => level === "warn");

/** As the kubelet does it: under a temporary name first, the plain file goes last. */
function compress(path: string): void {
  writeFileSync(`${path}.tmp`, gzipSync(readFileSync(path)));
  renameSync(`${path}.tmp`, `${path}.gz`);
  rmSync(path);
}

async function settle(bed: Bed, nowMs: number): Promise<void> {
  await bed.run(nowMs);
  await bed.run(nowMs + 10_000);
}

test("compressed files that are there at the first look are shipped once, in order, with offsets of their content", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(rotated(path, 1), line("1") + line("2") + cri("stdout", "P", "3, which "));
  compress(rotated(path, 1));
  append(rotated(path, 2), line("goes on"));
  append(path, line("4"));
  await settle(bed, T0_MS);
  expect(bed.logsShipped()).toEqual(["1", "2", "3, which goes on", "4"]);
  expect(bed.output.published.map(({ pos }) => pos)).toEqual([0, line("1").length, 2 * line("1").length, 0]);
  await using after = await restartBed(bed);
  await settle(after, T0_MS + 60_000);
  expect(after.logsShipped()).toEqual([]);
  expect(warnings(after)).toEqual([]);
});

test("a file that is shipped, then compressed while the agent runs, is not shipped again", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  for (let n = 1; n <= 4; n++) {
    await bed.run(T0_MS + n * 1000);
    renameSync(path, rotated(path, n));
    append(path, line(String(n + 1)));
    if (n > 1) compress(rotated(path, n - 1));
  }
  await settle(bed, T0_MS + 10_000);
  expect(bed.logsShipped()).toEqual(["1", "2", "3", "4", "5"]);
  expect(warnings(bed)).toEqual([]);
});

test("a file that grew, was rotated and compressed between two looks is shipped once, without a gap", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  append(path, line("2"));
  renameSync(path, rotated(path, 1));
  compress(rotated(path, 1));
  append(path, line("3"));
  await settle(bed, T0_MS + 1000);
  expect(bed.logsShipped()).toEqual(["1", "2", "3"]);
  expect(warnings(bed)).toEqual([]);
});

test.each([true, false])(
  "a file that is shipped in part, then compressed while the agent is down, is shipped to its end (links: %s)",
  async (links) => {
    await using bed = await openBed({ links });
    const path = join(bed.logs, "a.log");
    append(path, line("1"));
    await bed.run(T0_MS);
    append(path, line("2"));
    renameSync(path, rotated(path, 1));
    append(path, line("3"));
    compress(rotated(path, 1));
    renameSync(path, rotated(path, 2));
    append(path, line("4"));
    await using after = await restartBed(bed, { links });
    await settle(after, T0_MS + 10_000);
    expect(after.logsShipped()).toEqual(["2", "3", "4"]);
    expect(after.lines.filter(({ level }) => level !== "info")).toEqual([]);
  },
);

test("a file that was empty when it was found is known compressed too", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, "");
  await bed.run(T0_MS);
  append(path, line("1"));
  await bed.run(T0_MS + 1000);
  renameSync(path, rotated(path, 1));
  compress(rotated(path, 1));
  append(path, line("2"));
  await using after = await restartBed(bed);
  await settle(after, T0_MS + 10_000);
  expect(after.logsShipped()).toEqual(["2"]);
});

test("a file that is shipped, compressed and given up is not shipped again after its chain has lost all its names", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  renameSync(path, rotated(path, 1));
  compress(rotated(path, 1));
  await bed.tail.poll(T0_MS + 20_000, true);
  await bed.tail.poll(T0_MS + 90_000, true);
  expect(await bed.release()).toHaveLength(1);
  append(path, line("2"));
  await using after = await restartBed(bed);
  await settle(after, T0_MS + 100_000);
  expect(after.logsShipped()).toEqual(["2"]);
});

test("files born and compressed while the agent was down are shipped, the gap before them is said", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  append(path, line("2"));
  rmSync(path);
  append(rotated(path, 5), line("5"));
  compress(rotated(path, 5));
  append(rotated(path, 6), line("6"));
  append(path, line("7"));
  await using after = await restartBed(bed);
  await settle(after, T0_MS + 10_000);
  expect(after.logsShipped()).toEqual(["2", "5", "6", "7"]);
  expect(warnings(after).map(({ text }) => text)).toEqual([expect.stringMatching(/^suspected gap/)]);
});

test("of a damaged compressed file what is before the damage is shipped, and the damage is said", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  const content = Array.from({ length: 5000 }, (_, n) => line(`${n} ${(n * 7919) % 1000}`)).join("");
  const bytes = gzipSync(content);
  writeFileSync(`${rotated(path, 1)}.gz`, bytes.subarray(0, bytes.length >> 1));
  append(path, line("live"));
  await settle(bed, T0_MS);
  const shipped = bed.logsShipped();
  expect(shipped.length).toBeGreaterThan(2000);
  expect(shipped.slice(0, 2000)).toEqual(Array.from({ length: 2000 }, (_, n) => `${n} ${(n * 7919) % 1000}`));
  expect(shipped.at(-1)).toBe("live");
  expect(warnings(bed)).toEqual([
    expect.objectContaining({ text: expect.stringContaining("damaged: unexpected end of file") }),
  ]);
});

test("a compressed file larger than a shipment is shipped in parts, and repeated exactly after a crash", async () => {
  await using bed = await openBed({ bytesMax: 100_000 });
  const path = join(bed.logs, "a.log");
  const texts = Array.from({ length: 20_000 }, (_, n) => `${n} ${(n * 7919) % 1000}`);
  append(rotated(path, 1), texts.map(line).join(""));
  compress(rotated(path, 1));
  append(path, line("live"));
  bed.output.failing.add("publish");
  await expect(bed.run(T0_MS)).rejects.toThrow("publish fails");
  await using after = await restartBed(bed, { bytesMax: 100_000 });
  await settle(after, T0_MS + 10_000);
  expect(after.positions.nextSeq).toBeGreaterThan(5);
  expect(after.logsShipped()).toEqual([...texts, "live"]);
});

test("the content of a compressed file that a pattern names is no log of its own", async () => {
  await using bed = await openBed();
  await using tail = await restartBed(bed, { path: [join(bed.logs, "*")] });
  writeFileSync(join(bed.logs, "other.gz"), gzipSync(line("1")));
  await settle(tail, T0_MS);
  expect(tail.logsShipped()).toEqual([]);
});

test("with ignore_older the old rotated files of a new chain are left out", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(rotated(path, 1), line("1"));
  append(rotated(path, 2), line("2"));
  append(path, line("3"));
  utimesSync(rotated(path, 1), Date.now() / 1000 - 7200, Date.now() / 1000 - 7200);
  await using tail = await restartBed(bed, { ignoreOlderMs: 3_600_000 });
  await settle(tail, T0_MS);
  expect(tail.logsShipped()).toEqual(["2", "3"]);
});

test("a new file that is rotated and compressed again before its folder is listed is shipped once", async () => {
  await using bed = await openBed();
  using files = await faultyFiles();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  renameSync(path, rotated(path, 1));
  append(path, line("2"));
  const rotation = files.before({ op: "readdir", path: /logs$/, times: 1 }, () => {
    renameSync(path, rotated(path, 2));
    compress(rotated(path, 2));
    append(path, line("3"));
    renameSync(path, rotated(path, 3));
    append(path, line("4"));
  });
  await bed.tail.poll(T0_MS + 1000, true);
  expect(rotation.hits).toBe(1);
  await settle(bed, T0_MS + 2000);
  expect(bed.logsShipped()).toEqual(["1", "2", "3", "4"]);
  expect(warnings(bed)).toEqual([]);
});

test("a rotated file that is compressed while its folder is looked at for the first time is shipped", async () => {
  await using bed = await openBed();
  using files = await faultyFiles();
  const path = join(bed.logs, "a.log");
  append(rotated(path, 1), line("1"));
  append(rotated(path, 2), line("2"));
  append(path, line("3"));
  const hit = files.before({ op: "stat", path: /a\.log.*050001$/, times: 1 }, () => compress(rotated(path, 1)));
  await settle(bed, T0_MS);
  expect(hit.hits).toBe(1);
  expect(bed.logsShipped()).toEqual(["1", "2", "3"]);
});

test.each(["EMFILE", "EIO"])(
  "a compressed file that can't be opened at first (%s) is shipped by a later look",
  async (code) => {
    await using bed = await openBed();
    using files = await faultyFiles();
    const path = join(bed.logs, "a.log");
    append(rotated(path, 1), line("1"));
    compress(rotated(path, 1));
    append(path, line("2"));
    const fault = files.fail({ op: "open", path: /\.gz$/, code, times: 1 });
    await bed.run(T0_MS);
    expect(fault.hits).toBe(1);
    await settle(bed, T0_MS + 1000);
    expect(bed.logsShipped()).toEqual(["1", "2"]);
  },
);
