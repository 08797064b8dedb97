import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { faultyFiles } from "../../../helpers/faulty-files.ts";
import { recordingLogger, tempFolder } from "../../fixture.ts";
import { filesOf, message, NEVER, openTestSpool, sourceNamed, spooled } from "./bed.ts";

const A = sourceNamed("a");
const B = sourceNamed("b");
const MIB = 1024 * 1024;

test("what was appended is in the files of its source, and its checkpoint known after a restart", async () => {
  using folder = tempFolder();
  const spool = await openTestSpool(folder.path);
  expect(spool.checkpoint("a")).toBe(null);
  await spool.append(A, [message("1"), message("2")], "at 2", NEVER);
  await spool.append(B, [message("3")], null, NEVER);
  await spool.append(A, [], "at 3", NEVER);
  expect(spooled(folder.path)).toEqual({ a: ["1", "2"], b: ["3"] });
  await spool.close();
  const again = await openTestSpool(folder.path);
  expect([again.checkpoint("a"), again.checkpoint("b")]).toEqual(["at 3", null]);
  expect(again.bytes()).toBe(spool.bytes());
  await again.append(A, [message("4")], null, NEVER);
  expect(spooled(folder.path)).toEqual({ a: ["1", "2", "4"], b: ["3"] });
  expect(Object.keys(filesOf(folder.path)).toSorted()).toEqual(["a/1.log", "b/1.log"]);
  await again.close();
});

/** Ops of the file system before each of which the process may be killed. */
const OPS = ["open", "rename", "rm", "mkdir", "FileHandle.write", "FileHandle.writeFile", "FileHandle.datasync", "FileHandle.sync"]; // prettier-ignore

test("killed at any point, a spool has each append whole or not at all, with its checkpoint, and takes back nothing that was seen", async () => {
  using folder = tempFolder();
  using files = await faultyFiles();
  const root = join(folder.path, "spool");
  const snapshots: { path: string; acked: number; seen: Record<string, Buffer> }[] = [];
  let acked = 0;
  const snapshot = (): void => {
    const path = join(folder.path, `snapshot-${snapshots.length}`);
    if (existsSync(root)) cpSync(root, path, { recursive: true });
    snapshots.push({ path, acked, seen: filesOf(root) });
  };
  for (const op of OPS) files.before({ op, path: /\/spool(\/|$)/ }, snapshot);
  const spool = await openTestSpool(root);
  for (let step = 1; step <= 8; step++) {
    const appends = [
      { source: A, records: [message(`a${step}`), message(`a${step}'`)], checkpoint: `${step}` },
      { source: B, records: [message(`b${step}\nline`)], checkpoint: null },
    ];
    await spool.appendAll(appends, NEVER);
    acked = step;
    if (step === 5) await spool.reclaim(() => true);
  }
  await spool.close();
  files.heal();
  expect(snapshots.length).toBeGreaterThan(50);
  for (const { path, acked: atLeast, seen } of snapshots) {
    const again = await openTestSpool(path);
    const step = Number(again.checkpoint("a") ?? 0);
    expect(step).toBeGreaterThanOrEqual(atLeast);
    const steps = Array.from({ length: step }, (_, index) => index + 1);
    const { a = [], b = [] } = spooled(path);
    const [wanted, wantedB] = [steps.flatMap((n) => [`a${n}`, `a${n}'`]), steps.map((n) => `b${n}\nline`)];
    // Those up to 5 were reclaimed, or were about to be.
    expect([wanted.length - a.length, wantedB.length - b.length].every((gone) => [0, 5, 10].includes(gone))).toBe(true);
    expect([wanted.slice(-a.length || wanted.length), wantedB.slice(-b.length || wantedB.length)]).toEqual([a, b]);
    for (const [name, bytes] of Object.entries(seen)) {
      const now = filesOf(path)[name] ?? bytes;
      expect(now.subarray(0, bytes.length)).toEqual(bytes);
    }
    await again.close();
    rmSync(path, { recursive: true });
  }
});

test("an entry that is cut off or damaged in the journal was never acknowledged", async () => {
  using folder = tempFolder();
  const spool = await openTestSpool(folder.path);
  await spool.append(A, [message("1")], "one", NEVER);
  await spool.close();
  const journal = join(folder.path, "journal");
  const torn =
    'deadbeef {"version":1,"parts":[{"file":"a/1.log","at":0,"bytes":3}],"checkpoints":{"a":"two"},"bytes":3}\nxxx';
  writeFileSync(journal, torn, { flag: "a" });
  const again = await openTestSpool(folder.path);
  expect([again.checkpoint("a"), spooled(folder.path)]).toEqual(["one", { a: ["1"] }]);
  await again.close();
});

test("a part of a record that a crash left in a file is completed", async () => {
  using folder = tempFolder();
  const spool = await openTestSpool(folder.path);
  await spool.append(A, [message("first")], null, NEVER);
  await spool.append(A, [message("second")], null, NEVER);
  await spool.close();
  const whole = filesOf(folder.path)["a/1.log"]!;
  writeFileSync(join(folder.path, "a/1.log"), whole.subarray(0, whole.length - 4));
  await (await openTestSpool(folder.path)).close();
  expect(filesOf(folder.path)["a/1.log"]).toEqual(whole);
});

test("calls that wait share one fsync", async () => {
  using folder = tempFolder();
  using files = await faultyFiles();
  const spool = await openTestSpool(folder.path);
  await spool.append(A, [message("0")], null, NEVER);
  const synced = files.before({ op: "FileHandle.datasync", path: /journal/ }, () => undefined);
  await Promise.all(["1", "2", "3"].map(async (text) => await spool.append(A, [message(text)], null, NEVER)));
  // The first does not wait for the others.
  expect([1, 2]).toContain(synced.hits);
  expect(spooled(folder.path)).toEqual({ a: ["0", "1", "2", "3"] });
  await spool.close();
});

test("a full spool holds back, and goes on when committed files are reclaimed", async () => {
  using folder = tempFolder();
  const spool = await openTestSpool(folder.path, { bytesMax: 3 * MIB });
  const big = message("x".repeat(900_000));
  for (let i = 0; i < 3; i++) await spool.append(A, [big], null, NEVER);
  let isDone = false;
  const waiting = spool.append(A, [big], "after", NEVER).then(() => (isDone = true));
  await expect.poll(() => spool.isFull).toBe(true);
  expect(await spool.reclaim(() => false)).toEqual([]);
  expect([isDone, spool.checkpoint("a")]).toEqual([false, null]);
  expect(await spool.reclaim(() => true)).toEqual([join(folder.path, "a/1.log")]);
  await waiting;
  expect([spool.checkpoint("a"), spool.isFull, Object.keys(filesOf(folder.path))]).toEqual([
    "after",
    false,
    ["a/2.log"],
  ]);
  await spool.close();
});

test("an append that is larger than the spool is let in when there is nothing else", async () => {
  using folder = tempFolder();
  const spool = await openTestSpool(folder.path, { bytesMax: 10 });
  await spool.append(A, [message("longer than the limit")], null, NEVER);
  expect(spooled(folder.path)).toEqual({ a: ["longer than the limit"] });
  await spool.close();
});

test("whoever waits for room and is aborted has appended nothing, and holds up nobody", async () => {
  using folder = tempFolder();
  const spool = await openTestSpool(folder.path, { bytesMax: 100 });
  await spool.append(A, [message("x".repeat(60))], null, NEVER);
  const abort = new AbortController();
  const first = spool.append(A, [message("y".repeat(60))], "no", abort.signal);
  const second = spool.append(A, [message("z")], "yes", NEVER);
  await expect.poll(() => spool.isFull).toBe(true);
  abort.abort(new Error("told to stop"));
  await expect(first).rejects.toThrow("told to stop");
  await spool.reclaim(() => true);
  await second;
  expect([spool.checkpoint("a"), spooled(folder.path)]).toEqual(["yes", { a: ["z"] }]);
  await expect(spool.append(A, [], null, abort.signal)).rejects.toThrow("told to stop");
  await spool.close();
});

test.each([
  ["FileHandle.write", /journal$/],
  ["FileHandle.datasync", /journal$/],
  ["FileHandle.write", /1\.log$/],
])("a disk that fails at %s of %s holds back, and nothing is there twice", async (op, path) => {
  using folder = tempFolder();
  const { log, lines } = recordingLogger();
  using files = await faultyFiles();
  const spool = await openTestSpool(folder.path, { log });
  await spool.append(A, [message("1")], null, NEVER);
  const fault = files.fail({ op, path, code: "ENOSPC", times: 3, partialBytes: 5 });
  await spool.append(A, [message("2")], "two", NEVER);
  expect([fault.hits, spool.checkpoint("a"), spooled(folder.path)]).toEqual([3, "two", { a: ["1", "2"] }]);
  expect(lines.map(({ text }) => text)).toEqual(["cannot append to the spool; the sender waits, trying again"]);
  await spool.close();
  const again = await openTestSpool(folder.path);
  expect([again.checkpoint("a"), spooled(folder.path)]).toEqual(["two", { a: ["1", "2"] }]);
  await again.close();
});

test("a file of 8 MiB is followed by another, and goes when it is committed; the one that is written to stays until it is idle", async () => {
  using folder = tempFolder();
  let nowMs = 0;
  const spool = await openTestSpool(folder.path, { nowMs: () => nowMs });
  const big = [message("x".repeat(1_000_000))];
  for (let i = 0; i < 10; i++) await spool.append(A, big, null, NEVER);
  expect(Object.keys(filesOf(folder.path)).toSorted()).toEqual(["a/1.log", "a/2.log"]);
  expect(await spool.reclaim((_, bytes) => bytes > 7e6)).toEqual([join(folder.path, "a/1.log")]);
  expect(await spool.reclaim(() => true)).toEqual([]);
  nowMs += 60_000;
  expect(await spool.reclaim(() => true)).toEqual([join(folder.path, "a/2.log")]);
  expect(spool.bytes()).toBe(0);
  await spool.close();
  const again = await openTestSpool(folder.path);
  await again.append(A, [message("on")], null, NEVER);
  expect(Object.keys(filesOf(folder.path))).toEqual(["a/3.log"]);
  await again.close();
});

test("a source without files for an hour is forgotten, but for its checkpoint", async () => {
  using folder = tempFolder();
  let nowMs = 0;
  const spool = await openTestSpool(folder.path, { nowMs: () => nowMs });
  await spool.append(A, [message("1")], "one", NEVER);
  nowMs += 3_600_000;
  await spool.reclaim(() => true);
  expect(readdirSync(folder.path)).toEqual(["journal"]);
  expect(spool.checkpoint("a")).toBe("one");
  await spool.append(A, [message("2")], null, NEVER);
  expect(spooled(folder.path)).toEqual({ a: ["2"] });
  await spool.close();
});

test("a source that comes back with another origin has files of its own", async () => {
  using folder = tempFolder();
  const spool = await openTestSpool(folder.path);
  await spool.append(A, [message("1")], null, NEVER);
  const other = sourceNamed("a", { tag: "other" });
  await spool.append(other, [message("2")], null, NEVER);
  await spool.append(A, [message("3")], null, NEVER);
  expect(Object.keys(filesOf(folder.path)).toSorted()).toEqual(["a/1.log", "a~2/1.log"]);
  await spool.close();
});

test("names that are no folders and checkpoints that are too long are refused", async () => {
  using folder = tempFolder();
  const spool = await openTestSpool(folder.path);
  for (const name of ["", "..", "a/b", ".hidden", "x".repeat(201)])
    await expect(spool.append(sourceNamed(name), [], null, NEVER)).rejects.toThrow("cannot spool for source");
  await expect(spool.append(A, [], "x".repeat(4097), NEVER)).rejects.toThrow("4 KB at most");
  await spool.close();
  await expect(spool.append(A, [], null, NEVER)).rejects.toThrow("it is closed");
});
