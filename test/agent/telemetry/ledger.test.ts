import { renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createLedger, type OutputAccount } from "../../../agent/telemetry/ledger.ts";
import { openBed, type Bed } from "../bed.ts";
import { append, cri, recordingLogger, sizeOf, T0_MS } from "../fixture.ts";

const line = (text: string) => cri("stdout", "F", text);

function accountOf(bed: Bed): OutputAccount {
  return bed.ledger.accounts()[0]!;
}

/** The equation, of the totals and of every file. */
function expectBalance(account: OutputAccount): void {
  for (const sums of [account.total, ...account.files]) {
    expect(sums.read).toBe(sums.delivered + sums.filtered + sums.quarantined + sums.lost + sums.pending);
  }
  expect(account.errorBytes).toBe(0);
}

test("what was shipped is delivered, what came since is pending, and together they are what was read", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1") + line("2"));
  await bed.run(T0_MS);
  const shipped = sizeOf(path);
  append(path, line("3"));
  await bed.tail.poll(T0_MS + 1000, true);
  const account = accountOf(bed);
  expectBalance(account);
  expect(account.total).toMatchObject({ read: sizeOf(path), delivered: shipped, pending: sizeOf(path) - shipped });
  expect(account.records).toMatchObject({ delivered: 2, cut: 0 });
});

test("a partial line is pending until its record is whole, across a rotation too", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  const partial = cri("stdout", "P", "half");
  append(path, line("1") + partial);
  await bed.run(T0_MS);
  expectBalance(accountOf(bed));
  // The newline belongs to no record.
  expect(accountOf(bed).total.pending).toBe(partial.length - 1);
  renameSync(path, join(bed.logs, "a.log.1"));
  append(path, line("whole"));
  await bed.run(T0_MS + 10_000);
  await bed.run(T0_MS + 20_000);
  expectBalance(accountOf(bed));
  expect(accountOf(bed).total.pending).toBe(0);
});

test("what a truncation took is pending until it is given up, then lost, with one error line", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  append(path, line("unread") + line("unread too"));
  await bed.tail.poll(T0_MS + 1000, true);
  const unread = accountOf(bed).total.pending;
  expect(unread).toBeGreaterThan(0);
  truncateSync(path, 0);
  append(path, line("2"));
  await bed.tail.poll(T0_MS + 2000, true);
  expectBalance(accountOf(bed));
  await bed.run(T0_MS + 3000);
  expectBalance(accountOf(bed));
  expect(accountOf(bed)).toMatchObject({ total: { lost: unread, pending: 0 }, lostBytes: { truncated: unread } });
  const errors = bed.lines.filter(({ level }) => level === "error");
  expect(errors).toMatchObject([{ fields: { reason: "truncated", bytes: unread, output: "fake", path } }]);
});

test("an open record that a truncation took is lost", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("a line that is longer than the next one") + cri("stdout", "P", "half"));
  await bed.run(T0_MS);
  const { pending } = accountOf(bed).total;
  writeFileSync(path, line("2"));
  await bed.run(T0_MS + 3000);
  expectBalance(accountOf(bed));
  expect(accountOf(bed).lostBytes.truncated).toBe(pending);
});

test("a loss is counted too when its shipment was stored only at the second try", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  append(path, line("unread"));
  await bed.tail.poll(T0_MS + 1000, true);
  truncateSync(path, 0);
  append(path, line("2"));
  bed.output.failing.add("publish");
  await expect(bed.run(T0_MS + 2000)).rejects.toThrow("publish fails");
  bed.output.failing.clear();
  await bed.run(T0_MS + 3000);
  expectBalance(accountOf(bed));
  expect(accountOf(bed).lostBytes.truncated).toBe(line("unread").length);
});

test("a released file leaves its sums in the totals, and no account of its own", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  const size = sizeOf(path);
  rmSync(path);
  for (const atMs of [10_000, 80_000]) await bed.tail.poll(T0_MS + atMs, true);
  await bed.release();
  expectBalance(accountOf(bed));
  expect(accountOf(bed)).toMatchObject({ files: [], total: { read: size, delivered: size } });
});

test("after a restart the accounts begin at the committed positions", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1") + cri("stdout", "P", "half"));
  await bed.run(T0_MS);
  await bed.positions.close();
  await bed.tail.close();
  await using after = await openBed({ folder: bed.folder });
  expectBalance(accountOf(after));
  expect(accountOf(after).total.delivered).toBe(0);
  append(path, line("whole"));
  await after.run(T0_MS + 1000);
  expectBalance(accountOf(after));
  expect(accountOf(after).total.pending).toBe(0);
});

test("bytes that a position passed without a commit are an error, also when their file is released", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1") + line("2"));
  await bed.run(T0_MS);
  const [chain] = bed.tail.chains.values();
  chain!.files[0]!.size += 100;
  const cursor = bed.positions.cursors.get(chain!.id)!;
  (bed.positions.cursors as Map<string, typeof cursor>).set(chain!.id, { ...cursor, offset: cursor.offset + 100 });
  expect(accountOf(bed).errorBytes).toBe(100);
  bed.ledger.released(chain!, chain!.files[0]!);
  expect(accountOf(bed).errorBytes).toBeGreaterThanOrEqual(100);
});

test("filtered and quarantined bytes are taken from the delivered ones", () => {
  const ledger = createLedger(recordingLogger().log);
  const counters = { unparsed: 1, cut: 2, clamped: 3, repaired: 4 };
  ledger.committed("out", {
    segments: [{ file: "f", start: 0, end: 100 }],
    resumed: [],
    open: [],
    records: 7,
    counters,
    filtered: [{ file: "f", bytes: 20, records: 2 }],
    quarantined: [{ file: "f", bytes: 10, records: 1 }],
  });
  ledger.detach("out");
  const [account] = ledger.accounts();
  expect(account!.total).toEqual({ read: 100, delivered: 70, filtered: 20, quarantined: 10, lost: 0, pending: 0 });
  expect(account!.records).toEqual({ delivered: 7, filtered: 2, quarantined: 1, ...counters });
});

test("a file that was lost before any output had it is counted apart", () => {
  const { log, lines } = recordingLogger();
  const ledger = createLedger(log);
  ledger.lost({ output: null, file: "f", path: "/logs/a.log", bytes: 5, reason: "deleted" });
  expect([ledger.accounts(), ledger.unshippedLosses.deleted]).toEqual([[], 5]);
  expect(lines).toMatchObject([{ level: "error", fields: { file: "f", path: "/logs/a.log", reason: "deleted" } }]);
});

test("a suspected gap is counted and warned of", () => {
  const { log, lines } = recordingLogger();
  const ledger = createLedger(log);
  ledger.suspectedGap("/logs/0.log");
  expect(ledger.suspectedGaps).toBe(1);
  expect(lines).toMatchObject([{ level: "warn", fields: { path: "/logs/0.log" } }]);
});
