import { readdirSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openBed, type Bed } from "../../bed.ts";
import { append, cri, T0_MS } from "../../fixture.ts";

const line = (text: string) => cri("stdout", "F", text);
const lossesOf = (bed: Bed) =>
  bed.lines.filter(({ level }) => level === "error").map(({ fields }) => [fields["reason"], fields["bytes"]]);

async function restart(bed: Bed, changes = {}): Promise<Bed> {
  await bed.positions.close();
  await bed.tail.close();
  return await openBed({ folder: bed.folder, ...changes });
}

/** As SIGTERM does, where nothing fits into the grace. */
async function stop(bed: Bed, nowMs: number): Promise<void> {
  await bed.tail.poll(nowMs, true);
  await bed.store.recordHeld(bed.tail.heldSizes());
}

test("a held file that was deleted while the agent was down is counted as lost once, at least with what is known", async () => {
  await using bed = await openBed({ links: false });
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  rmSync(path);
  await using after = await restart(bed, { links: false });
  await after.run(T0_MS + 1000);
  expect(after.tail.files.size).toBe(1);
  await after.release();
  expect(lossesOf(after)).toEqual([["deleted", 0]]);
  expect(after.tail.files.size).toBe(0);
  expect(after.positions.cursors.size).toBe(0);
  await using again = await restart(after, { links: false });
  await again.release();
  expect(lossesOf(again)).toEqual([]);
});

test("a chain whose newest file is lost goes on with the next, and does not go back to its first", async () => {
  await using bed = await openBed({ links: false });
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  renameSync(path, `${path}.20261121-050001`);
  append(path, line("2"));
  await bed.run(T0_MS + 1000);
  await bed.run(T0_MS + 10_000);
  rmSync(path);
  append(path, line("3"));
  await using after = await restart(bed, { links: false });
  await after.run(T0_MS + 20_000);
  await after.release();
  await after.run(T0_MS + 30_000);
  expect(after.logsShipped()).toEqual(["3"]);
  expect(lossesOf(after)).toEqual([["deleted", 0]]);
});

test.each([true, false])(
  "a file whose link was removed from the state folder is counted as lost, and its path is followed on (inode reused: %s)",
  async (isReused) => {
    await using bed = await openBed();
    const path = join(bed.logs, "a.log");
    append(path, line("1"));
    await bed.run(T0_MS);
    const files = join(bed.folder, "state/files");
    for (const name of readdirSync(files).filter((other) => other.endsWith(".log"))) rmSync(join(files, name));
    // Overwriting keeps the inode, and the moved file keeps it from being used again.
    if (!isReused) renameSync(path, join(bed.folder, "moved"));
    writeFileSync(path, line("2"));
    await using after = await restart(bed);
    await after.run(T0_MS + 1000);
    await after.release();
    expect(after.logsShipped()).toEqual(["2"]);
    expect(lossesOf(after)).toEqual([["deleted", 0]]);
  },
);

test("what a truncation took of a chain's last file is counted when it is released, a restart in between included", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  const unread = line("never read");
  append(path, unread);
  await bed.tail.poll(T0_MS + 500, true);
  truncateSync(path, 0);
  await bed.tail.poll(T0_MS + 600, true);
  await using after = await restart(bed);
  await after.release();
  expect(lossesOf(after)).toEqual([["truncated", unread.length]]);
  append(path, line("2"));
  await after.run(T0_MS + 1000);
  await after.release();
  expect(after.logsShipped()).toEqual(["2"]);
  expect(lossesOf(after)).toHaveLength(1);
});

test("a given-up file stays while a shipment that has a part of it is not committed", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  bed.output.failing.add("publish");
  await expect(bed.run(T0_MS)).rejects.toThrow("publish fails");
  truncateSync(path, 0);
  await bed.tail.poll(T0_MS + 500, true);
  await bed.release();
  expect(lossesOf(bed)).toEqual([]);
  bed.output.failing.clear();
  bed.output.delivered = true;
  await bed.run(T0_MS + 1000);
  await bed.release();
  expect([...bed.tail.files.values()].map(({ record }) => record.givenUp)).toEqual([undefined]);
  expect(lossesOf(bed)).toEqual([]);
});

test("a shipment that waits to be resolved does not keep the files of other chains", async () => {
  await using bed = await openBed();
  append(join(bed.logs, "a.log"), line("1"));
  await bed.run(T0_MS);
  rmSync(join(bed.logs, "a.log"));
  await bed.run(T0_MS + 20_000);
  append(join(bed.logs, "b.log"), line("2"));
  bed.output.failing.add("publish");
  await expect(bed.run(T0_MS + 90_000)).rejects.toThrow("publish fails");
  expect(await bed.release()).toHaveLength(1);
});

test("of a held file that was deleted after a clean stop exactly what was seen and not shipped is lost, once", async () => {
  await using bed = await openBed({ links: false });
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  append(path, line("22"));
  await stop(bed, T0_MS + 1000);
  rmSync(path);
  await using after = await restart(bed, { links: false });
  await stop(after, T0_MS + 2000);
  await using again = await restart(after, { links: false });
  await again.run(T0_MS + 3000);
  await again.release();
  expect(lossesOf(again)).toEqual([["deleted", line("22").length]]);
  expect(again.ledger.accounts()).toMatchObject([{ errorBytes: 0, total: { pending: 0, lost: line("22").length } }]);
});

test.each([true, false])(
  "a held file that was shipped whole before a clean stop and deleted after it is no loss (replaced: %s)",
  async (isReplaced) => {
    await using bed = await openBed({ links: false });
    const path = join(bed.logs, "a.log");
    append(path, line("1"));
    await bed.run(T0_MS);
    await stop(bed, T0_MS + 1000);
    rmSync(path);
    if (isReplaced) append(path, line("2"));
    await using after = await restart(bed, { links: false });
    await after.run(T0_MS + 2000);
    await after.release();
    expect(lossesOf(after)).toEqual([]);
    expect(after.logsShipped()).toEqual(isReplaced ? ["2"] : []);
  },
);

test("what was seen at a clean stop is not taken for all there was after a crash", async () => {
  await using bed = await openBed({ links: false });
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  await stop(bed, T0_MS + 1000);
  await using crashed = await restart(bed, { links: false });
  append(path, line("2"));
  await crashed.tail.poll(T0_MS + 2000, true);
  rmSync(path);
  await using after = await restart(crashed, { links: false });
  await after.release();
  expect(lossesOf(after)).toEqual([["deleted", 0]]);
});

test.each([true, false])(
  "what a crash left journaled of a held file that was deleted then is in the accounts (delivered: %s)",
  async (isDelivered) => {
    await using bed = await openBed({ links: false });
    const path = join(bed.logs, "a.log");
    append(path, line("1"));
    bed.output.failing.add("publish");
    await expect(bed.run(T0_MS)).rejects.toThrow("publish fails");
    rmSync(path);
    await using after = await restart(bed, { links: false });
    after.output.delivered = isDelivered;
    await after.run(T0_MS + 1000);
    await after.release();
    const bytes = line("1").length;
    const total = isDelivered ? { delivered: bytes, lost: 0 } : { delivered: 0, lost: bytes };
    expect(after.ledger.accounts()).toMatchObject([{ errorBytes: 0, total: { read: bytes, pending: 0, ...total } }]);
  },
);
