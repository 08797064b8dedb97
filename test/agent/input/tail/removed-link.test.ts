import { readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { faultyFiles } from "../../../helpers/faulty-files.ts";
import { openBed, restartBed, type Bed } from "../../bed.ts";
import { append, cri, T0_MS } from "../../fixture.ts";

const line = (text: string) => cri("stdout", "F", text);
const lossesOf = (bed: Bed) =>
  bed.lines.filter(({ text }) => text.startsWith("lost")).map(({ fields }) => [fields["reason"], fields["bytes"]]);

const linksIn = (bed: Bed) => readdirSync(join(bed.folder, "state/files")).filter((name) => name.endsWith(".log"));

function removeLinks(bed: Bed): void {
  for (const name of linksIn(bed)) rmSync(join(bed.folder, "state/files", name));
}

test("a file whose link is removed is linked anew under its present name, and nothing is lost", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  removeLinks(bed);
  renameSync(path, `${path}.20261121-050001`);
  append(`${path}.20261121-050001`, line("2"));
  append(path, line("3"));
  await bed.run(T0_MS + 20_000);
  await bed.run(T0_MS + 40_000);
  await bed.release();
  expect(linksIn(bed)).toHaveLength(2);
  expect([bed.logsShipped(), lossesOf(bed)]).toEqual([["1", "2", "3"], []]);
});

test("a file whose link is removed and can't be made again is held open", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  removeLinks(bed);
  append(path, line("2"));
  using files = await faultyFiles();
  files.fail({ op: "link", path: /./, code: "EPERM" });
  await bed.tail.poll(T0_MS + 20_000, true);
  rmSync(path);
  await bed.run(T0_MS + 30_000);
  expect([bed.logsShipped(), lossesOf(bed)]).toEqual([["1", "2"], []]);
});

test("a file whose link is removed while the agent is down is found under its present name, and goes on at its position", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  removeLinks(bed);
  renameSync(path, `${path}.20261121-050001`);
  append(`${path}.20261121-050001`, line("2"));
  append(path, line("3"));
  await using after = await restartBed(bed);
  await after.run(T0_MS + 20_000);
  expect([after.logsShipped(), lossesOf(after)]).toEqual([["2", "3"], []]);
});

test("a file whose link and names are removed is given up, its rest is lost, and its chain goes on", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  append(path, line("unread"));
  await bed.tail.poll(T0_MS + 1000, true);
  removeLinks(bed);
  rmSync(path);
  append(join(bed.logs, "b.log"), line("b"));
  await bed.run(T0_MS + 20_000);
  await bed.release();
  append(path, line("2"));
  await bed.run(T0_MS + 40_000);
  // Its freed inode may be that of b.log, which then waits for the release.
  expect(bed.logsShipped().toSorted()).toEqual(["1", "2", "b"]);
  expect(lossesOf(bed)).toEqual([["deleted", line("unread").length]]);
  expect(bed.ledger.accounts()[0]).toMatchObject({ errorBytes: 0, total: { pending: 0 } });
});

test("an interrupted shipment does not wait for a file whose link and names are removed", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("unread"));
  append(join(bed.logs, "b.log"), line("b"));
  bed.output.failing.add("publish");
  await expect(bed.run(T0_MS)).rejects.toThrow("publish fails");
  bed.output.failing.clear();
  removeLinks(bed);
  rmSync(path);
  await bed.run(T0_MS + 20_000);
  await bed.release();
  expect([bed.logsShipped(), bed.positions.unresolved]).toEqual([["b"], null]);
  expect(lossesOf(bed)).toEqual([["deleted", line("unread").length]]);
});

test.each([
  ["committed, is released without a word", true],
  ["not committed, is given up", false],
])("a file that is gone, whose link is removed and that is %s", async (_, isCommitted) => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  if (isCommitted) await bed.run(T0_MS);
  else await bed.tail.discover(T0_MS);
  const size = readFileSync(path).length;
  rmSync(path);
  for (const ms of [11_000, 80_000]) await bed.tail.poll(T0_MS + ms, true);
  removeLinks(bed);
  await bed.release();
  expect([bed.tail.files.size, lossesOf(bed)]).toEqual([0, isCommitted ? [] : [["deleted", size]]]);
});
