import { execFileSync } from "node:child_process";
import {
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { gzipSync } from "node:zlib";
import { faultyFiles } from "../../../helpers/faulty-files.ts";
import { openBed, restartBed, type Bed } from "../../bed.ts";
import { append, cri, T0_MS } from "../../fixture.ts";

const line = (text: string) => cri("stdout", "F", text);
const rotated = (path: string, n: number) => `${path}.20261121-05000${n}`;
const warnings = (bed: Bed) => bed.lines.filter(({ level }) => level === "warn").map(({ text }) => text);

/** Looks twice, the second time when all that was rotated is quiet. */
async function settle(bed: Bed, nowMs: number): Promise<void> {
  await bed.run(nowMs);
  await bed.run(nowMs + 10_000);
}

test("a rotated name that the pattern matches too is not followed a second time", async () => {
  await using bed = await openBed();
  const pattern = { path: [join(bed.logs, "messages*")], framing: "plain" } as const;
  await using tail = await restartBed(bed, pattern);
  const path = join(bed.logs, "messages");
  append(path, "1\n");
  await tail.run(T0_MS);
  append(path, "2\n");
  renameSync(path, `${path}.1`);
  append(path, "3\n");
  await settle(tail, T0_MS + 1000);
  renameSync(`${path}.1`, `${path}.2`);
  renameSync(path, `${path}.1`);
  append(path, "4\n");
  await settle(tail, T0_MS + 20_000);
  expect(tail.logsShipped()).toEqual(["1", "2", "3", "4"]);
  expect(tail.tail.chains.size).toBe(1);
});

test("a pattern that matches rotated names ships them before their live file, in one chain", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "messages");
  append(`${path}.2`, "1\n");
  append(`${path}.1`, "2\n");
  append(path, "3\n");
  await using tail = await restartBed(bed, { path: [join(bed.logs, "mess*")], framing: "plain" });
  await settle(tail, T0_MS);
  expect(tail.logsShipped()).toEqual(["1", "2", "3"]);
  expect(tail.tail.chains.size).toBe(1);
});

test("what another program rotated before the first look is left alone where no pattern matches it", async () => {
  await using bed = await openBed();
  append(join(bed.logs, "a.log.1"), line("old"));
  append(join(bed.logs, "a.log"), line("new"));
  await settle(bed, T0_MS);
  expect(bed.logsShipped()).toEqual(["new"]);
});

test.each([
  ["numbers", ["a.log.1"], ["a.log.2", "a.log.1"]],
  ["dates", ["a.log-20261121"], ["a.log-20261121", "a.log-20261122"]],
])("a file that logrotate named by %s twice while the agent was down is followed on", async (_, first, second) => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  append(path, line("2"));
  renameSync(path, join(bed.logs, first[0]!));
  append(path, line("3"));
  if (first[0] !== second[0]) renameSync(join(bed.logs, first[0]!), join(bed.logs, second[0]!));
  renameSync(path, join(bed.logs, second[1]!));
  append(path, line("4"));
  await using after = await restartBed(bed);
  await settle(after, T0_MS + 1000);
  expect(after.logsShipped()).toEqual(["2", "3", "4"]);
  expect(warnings(after)).toEqual([]);
});

test("an inode that has two matching names is followed once", async () => {
  await using bed = await openBed();
  append(join(bed.logs, "a.log"), line("1"));
  linkSync(join(bed.logs, "a.log"), join(bed.logs, "b.log"));
  await settle(bed, T0_MS);
  expect(bed.logsShipped()).toEqual(["1"]);
});

test("names that are swapped keep their chains", async () => {
  await using bed = await openBed();
  const [a, b, away] = [join(bed.logs, "a.log"), join(bed.logs, "b.log"), join(bed.logs, "away")];
  append(a, line("a1"));
  append(b, line("b1"));
  await bed.run(T0_MS);
  for (let turn = 1; turn <= 3; turn++) {
    renameSync(a, away);
    renameSync(b, a);
    renameSync(away, b);
    append(a, line(`in a ${turn}`));
    append(b, line(`in b ${turn}`));
    await settle(bed, T0_MS + turn * 20_000);
  }
  expect(bed.logsShipped().toSorted()).toEqual(
    ["a1", "b1", ...[1, 2, 3].flatMap((turn) => [`in a ${turn}`, `in b ${turn}`])].toSorted(),
  );
});

test("a rotation that fails and renames back loses and repeats nothing", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  renameSync(path, rotated(path, 1));
  append(rotated(path, 1), line("2"));
  await bed.run(T0_MS + 1000);
  renameSync(rotated(path, 1), path);
  append(path, line("3"));
  await settle(bed, T0_MS + 2000);
  expect(bed.logsShipped()).toEqual(["1", "2", "3"]);
});

test("a rotation that fails after the new file was made, and puts the old one back over it, repeats nothing", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  renameSync(path, rotated(path, 1));
  append(path, line("2"));
  await settle(bed, T0_MS + 1000);
  renameSync(rotated(path, 1), path);
  append(path, line("3"));
  await settle(bed, T0_MS + 20_000);
  renameSync(path, rotated(path, 2));
  append(path, line("4"));
  await settle(bed, T0_MS + 40_000);
  expect(bed.logsShipped().toSorted()).toEqual(["1", "2", "3", "4"]);
});

test("what is written to a rotated file after its successor was shipped is shipped, each time, also after a restart", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  renameSync(path, rotated(path, 1));
  append(path, line("2"));
  await settle(bed, T0_MS + 1000);
  append(rotated(path, 1), line("late 1"));
  await settle(bed, T0_MS + 20_000);
  append(rotated(path, 1), line("late 2"));
  append(path, line("3"));
  await settle(bed, T0_MS + 40_000);
  append(rotated(path, 1), line("late 3"));
  await using after = await restartBed(bed);
  await settle(after, T0_MS + 60_000);
  append(rotated(path, 1), line("late 4"));
  append(path, line("4"));
  await settle(after, T0_MS + 80_000);
  const shipped = [...bed.logsShipped(), ...after.logsShipped()];
  expect(shipped.toSorted()).toEqual(["1", "2", "3", "4", "late 1", "late 2", "late 3", "late 4"]);
  expect(after.tail.files.size).toBe(3);
});

test.each([true, false])(
  "what is written to a rotated file while the agent is down is shipped once, though its position is behind it (links: %s)",
  async (links) => {
    await using bed = await openBed({ links });
    const path = join(bed.logs, "a.log");
    append(path, line("1"));
    await bed.run(T0_MS);
    renameSync(path, rotated(path, 1));
    append(path, line("2"));
    await settle(bed, T0_MS + 1000);
    expect(bed.logsShipped()).toEqual(["1", "2"]);
    append(rotated(path, 1), line("late 1"));
    await using second = await restartBed(bed, { links });
    await settle(second, T0_MS + 60_000);
    expect(second.logsShipped()).toEqual(["late 1"]);
    append(rotated(path, 1), line("late 2"));
    append(path, line("3"));
    await using third = await restartBed(second, { links });
    await settle(third, T0_MS + 120_000);
    expect(third.logsShipped().toSorted()).toEqual(["3", "late 2"]);
    expect(third.ledger.accounts()[0]?.errorBytes).toBe(0);
    await using last = await restartBed(third, { links });
    await settle(last, T0_MS + 180_000);
    expect(last.logsShipped()).toEqual([]);
  },
);

test("a rotated file that is written to just after a start is shipped to its end, though it was quiet before", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  renameSync(path, rotated(path, 1));
  append(path, line("2"));
  await settle(bed, T0_MS + 1000);
  await using after = await restartBed(bed);
  // By its modification time it grew a moment ago, so that it is not final yet.
  await after.run(T0_MS + 1000);
  append(rotated(path, 1), line("late"));
  await after.run(T0_MS + 2000);
  await settle(after, T0_MS + 20_000);
  expect(after.logsShipped()).toEqual(["late"]);
});

test("what is written to a rotated file by a look that began before an output went on behind it is shipped", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  renameSync(path, rotated(path, 1));
  append(path, line("2"));
  await bed.run(T0_MS + 1000);
  await bed.shipper.ship(T0_MS + 6001, new AbortController().signal);
  expect(bed.logsShipped()).toEqual(["1", "2"]);
  append(rotated(path, 1), line("late"));
  await bed.tail.poll(T0_MS + 1001, true);
  await settle(bed, T0_MS + 20_000);
  expect(bed.logsShipped()).toEqual(["1", "2", "late"]);
});

test("what is written to a rotated file and compressed with it while the agent is down is shipped, without a link too", async () => {
  await using bed = await openBed({ links: false });
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  renameSync(path, rotated(path, 1));
  append(path, line("2"));
  await settle(bed, T0_MS + 1000);
  append(rotated(path, 1), line("late"));
  writeFileSync(`${rotated(path, 1)}.gz`, gzipSync(readFileSync(rotated(path, 1))));
  unlinkSync(rotated(path, 1));
  await using after = await restartBed(bed, { links: false });
  await settle(after, T0_MS + 60_000);
  await settle(after, T0_MS + 120_000);
  expect(after.logsShipped()).toEqual(["late"]);
});

test("a passed file that was emptied and written anew while the agent was down is shipped from its start", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("a first line that is longer than the next one"));
  await bed.run(T0_MS);
  renameSync(path, rotated(path, 1));
  append(path, line("2"));
  await settle(bed, T0_MS + 1000);
  writeFileSync(rotated(path, 1), line("anew"));
  await using after = await restartBed(bed);
  await settle(after, T0_MS + 60_000);
  expect(after.logsShipped()).toEqual(["anew"]);
});

test("what is written late while an interrupted shipment has gone behind the file is no part of it, and shipped after it", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  append(rotated(path, 1), line("0"));
  await bed.run(T0_MS);
  bed.output.failing.add("publish");
  await expect(bed.run(T0_MS + 10_000)).rejects.toThrow("publish fails");
  append(rotated(path, 1), line("late"));
  await using after = await restartBed(bed);
  await settle(after, T0_MS + 60_000);
  expect([...bed.logsShipped(), ...after.logsShipped()]).toEqual(["0", "1", "late"]);
});

test("what is written late to a rotated name that a pattern matches is shipped once, and is no chain of its own name", async () => {
  await using bed = await openBed();
  await using tail = await restartBed(bed, { path: [join(bed.logs, "messages*")], framing: "plain" });
  const path = join(bed.logs, "messages");
  append(path, "1\n");
  await settle(tail, T0_MS);
  renameSync(path, `${path}.1`);
  append(path, "2\n");
  await settle(tail, T0_MS + 20_000);
  append(`${path}.1`, "late\n");
  await settle(tail, T0_MS + 40_000);
  renameSync(`${path}.1`, `${path}.2`);
  renameSync(path, `${path}.1`);
  append(path, "3\n");
  await settle(tail, T0_MS + 60_000);
  append(`${path}.2`, "later\n");
  await settle(tail, T0_MS + 80_000);
  expect(tail.logsShipped()).toEqual(["1", "2", "late", "3", "later"]);
});

test("without links too, what is written to a rotated file late is shipped", async () => {
  await using bed = await openBed({ links: false });
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  renameSync(path, rotated(path, 1));
  append(path, line("2"));
  await settle(bed, T0_MS + 1000);
  append(rotated(path, 1), line("late"));
  await settle(bed, T0_MS + 20_000);
  expect(bed.logsShipped()).toEqual(["1", "2", "late"]);
});

test("a partial line is not joined over a suspected gap: it ends, marked, and what follows is a chain of its own", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1") + cri("stdout", "P", "half"));
  await bed.run(T0_MS);
  unlinkSync(path);
  writeFileSync(rotated(path, 4), cri("stdout", "F", "end of another"));
  append(path, line("5"));
  await using after = await restartBed(bed);
  await settle(after, T0_MS + 1000);
  const seen = after.output.published.map(({ log, cut }) => `${log}: ${cut}`);
  expect(seen.toSorted()).toEqual(["5: null", "end of another: null", "half: end"]);
  expect(warnings(after)).toEqual([expect.stringMatching(/^suspected gap/)]);
});

test("a chain that ended at a gap stays ended after a restart, and the gap is not said again", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, cri("stdout", "P", "half"));
  await bed.run(T0_MS);
  unlinkSync(path);
  append(path, line("2"));
  await bed.tail.poll(T0_MS + 1000, true);
  await using after = await restartBed(bed);
  append(path, line("3"));
  await settle(after, T0_MS + 2000);
  expect(after.logsShipped().toSorted()).toEqual(["2", "3", "half"]);
  expect(warnings(after)).toEqual([]);
});

test("a link that is pointed at another file ships both, each once", async () => {
  await using bed = await openBed();
  const [first, second] = [join(bed.logs, "1.txt"), join(bed.logs, "2.txt")];
  append(first, line("1"));
  symlinkSync("1.txt", join(bed.logs, "a.log"));
  await bed.run(T0_MS);
  append(second, line("3"));
  rmSync(join(bed.logs, "a.log"));
  symlinkSync("2.txt", join(bed.logs, "a.log"));
  append(first, line("2"));
  await settle(bed, T0_MS + 1000);
  expect(bed.logsShipped().toSorted()).toEqual(["1", "2", "3"]);
  expect(bed.tail.chains.size).toBe(2);
});

test("a live file that is replaced by a link to a secret is not followed there", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  append(join(bed.folder, "secret"), line("secret"));
  await bed.run(T0_MS);
  renameSync(path, rotated(path, 1));
  symlinkSync("../secret", path);
  await settle(bed, T0_MS + 1000);
  expect(bed.logsShipped()).toEqual(["1"]);
  expect(warnings(bed)).toContainEqual(expect.stringContaining("outside of"));
});

test("a file that is compressed between listing and linking is found compressed", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  for (const n of [1, 2]) append(rotated(path, n), line(String(n)));
  append(path, line("3"));
  using files = await faultyFiles();
  files.before({ op: "open", path: /a\.log\.20261121-050001$/, times: 1 }, () => {
    writeFileSync(`${rotated(path, 1)}.gz`, gzipSync(line("1")));
    rmSync(rotated(path, 1));
  });
  await settle(bed, T0_MS);
  expect(bed.logsShipped()).toEqual(["1", "2", "3"]);
  expect(warnings(bed)).toEqual([]);
});

test("a file that is removed between listing and linking is a suspected gap", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  for (const n of [1, 2]) append(rotated(path, n), line(String(n)));
  append(path, line("3"));
  using files = await faultyFiles();
  files.before({ op: "open", path: /a\.log\.20261121-050001$/, times: 1 }, () => rmSync(rotated(path, 1)));
  await settle(bed, T0_MS);
  expect(bed.logsShipped()).toEqual(["2", "3"]);
  expect(warnings(bed)).toEqual([expect.stringMatching(/^suspected gap/)]);
});

test("a rotation between the look at the live file and the list of the others loses nothing", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  using files = await faultyFiles();
  files.before({ op: "readdir", path: /logs$/, skip: 1, times: 1 }, () => {
    renameSync(path, rotated(path, 1));
    append(path, line("2"));
  });
  await settle(bed, T0_MS);
  await settle(bed, T0_MS + 20_000);
  expect(bed.logsShipped()).toEqual(["1", "2"]);
  expect(warnings(bed)).toEqual([]);
});

test("a FIFO that takes a file's place after it was found is not waited for", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  using files = await faultyFiles();
  files.before({ op: "open", path: /a\.log$/, times: 1 }, () => {
    rmSync(path);
    execFileSync("mkfifo", [path]);
  });
  await settle(bed, T0_MS);
  expect(bed.logsShipped()).toEqual([]);
  expect(warnings(bed)).toEqual(["it is no regular file; not followed"]);
});

test("a file without read permission is reported once, and followed once it is readable", async () => {
  await using bed = await openBed();
  append(join(bed.logs, "a.log"), line("1"));
  append(join(bed.logs, "b.log"), line("2"));
  using files = await faultyFiles();
  const fault = files.fail({ op: "open", path: /a\.log$/, code: "EACCES" });
  await settle(bed, T0_MS);
  await settle(bed, T0_MS + 20_000);
  expect(bed.logsShipped()).toEqual(["2"]);
  expect(warnings(bed)).toEqual(["no permission to read it; run logq-agent as root, or let its user read the file"]);
  fault.heal();
  await settle(bed, T0_MS + 40_000);
  expect(bed.logsShipped()).toEqual(["2", "1"]);
});

test("a file with the inode of one that was shipped and given up is a new one if its content is", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  rmSync(path);
  await bed.tail.poll(T0_MS + 20_000, true);
  await bed.tail.poll(T0_MS + 90_000, true);
  expect(await bed.release()).toHaveLength(1);
  append(path, line("2"));
  const state = join(bed.folder, "state/files");
  const tombstone = join(
    state,
    readdirSync(state).find((name) => name.endsWith(".gone"))!,
  );
  const { ino, birthtimeMs } = statSync(path);
  const record = JSON.parse(readFileSync(tombstone, "utf8")) as object;
  writeFileSync(tombstone, JSON.stringify({ ...record, inode: ino, bornMs: birthtimeMs }));
  await using after = await restartBed(bed);
  await settle(after, T0_MS + 100_000);
  expect(after.logsShipped()).toEqual(["2"]);
});

test("what was written late to a rotated file that is deleted then is shipped once, also after a restart", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  for (const [n, text] of ["1", "2"].entries()) {
    append(path, line(text));
    await bed.run(T0_MS + n * 1000);
    renameSync(path, rotated(path, n + 1));
  }
  append(path, line("3"));
  await settle(bed, T0_MS + 10_000);
  append(rotated(path, 2), line("late"));
  await settle(bed, T0_MS + 30_000);
  expect(bed.logsShipped()).toEqual(["1", "2", "3", "late"]);
  // It waits for the one before it, which has its name still; what was written late has a chain of its own.
  rmSync(rotated(path, 2));
  for (const nowMs of [100_000, 200_000]) {
    await settle(bed, T0_MS + nowMs);
    await bed.release();
  }
  await using after = await restartBed(bed);
  await settle(after, T0_MS + 300_000);
  expect(after.logsShipped()).toEqual([]);
});
