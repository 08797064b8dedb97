import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { adoptJournals, journalPath, listJournals } from "../../agent/journals.ts";
import { recordingLogger, tempFolder } from "./fixture.ts";

const { log } = recordingLogger();

/** A folder with the journals of outputs that an earlier configuration had, oldest first. */
async function folderWith(outputs: readonly { id: string; destinationId: string }[]) {
  const temp = tempFolder();
  const folder = join(temp.path, "outputs");
  mkdirSync(folder);
  await adoptJournals(folder, outputs, log);
  for (const [index, { id }] of outputs.entries()) {
    writeFileSync(journalPath(folder, id), `positions of ${id}`);
    utimesSync(journalPath(folder, id), index, index);
  }
  return { folder, [Symbol.dispose]: () => temp[Symbol.dispose]() };
}

test("an output under a new alias takes over the journal of the one that shipped to the same place", async () => {
  using bed = await folderWith([{ id: "old name/1", destinationId: "d1" }]);
  await adoptJournals(bed.folder, [{ id: "new", destinationId: "d1" }], log);
  expect(await listJournals(bed.folder)).toEqual(["new"]);
  expect(readFileSync(journalPath(bed.folder, "new"), "utf8")).toBe("positions of old name/1");
  await adoptJournals(bed.folder, [{ id: "old name/1", destinationId: "d1" }], log);
  expect(await listJournals(bed.folder)).toEqual(["old name/1"]);
});

test.each([
  ["ships to another place", [{ id: "new", destinationId: "d2" }]],
  ["has a journal of its own", [{ id: "own", destinationId: "d1" }]],
  [
    "stands beside the one that has it",
    [
      { id: "new", destinationId: "d1" },
      { id: "old", destinationId: "d1" },
    ],
  ],
])("an output takes nothing over if it %s", async (_, outputs) => {
  using bed = await folderWith([
    { id: "old", destinationId: "d1" },
    { id: "own", destinationId: "d1" },
  ]);
  const others = outputs.some(({ id }) => id === "own") ? outputs : [...outputs, { id: "own", destinationId: "d1" }];
  await adoptJournals(bed.folder, others, log);
  expect((await listJournals(bed.folder)).toSorted()).toEqual(["old", "own"]);
});

test("of several former outputs to the same place the last one counts, and two new ones don't share it", async () => {
  using bed = await folderWith([
    { id: "first", destinationId: "d1" },
    { id: "last", destinationId: "d1" },
  ]);
  await adoptJournals(
    bed.folder,
    [
      { id: "a", destinationId: "d1" },
      { id: "b", destinationId: "d1" },
    ],
    log,
  );
  expect(readFileSync(journalPath(bed.folder, "a"), "utf8")).toBe("positions of last");
  expect(readFileSync(journalPath(bed.folder, "b"), "utf8")).toBe("positions of first");
});

test("where an output ships to is noted anew when its path changes under the same alias", async () => {
  using bed = await folderWith([{ id: "out", destinationId: "d1" }]);
  await adoptJournals(bed.folder, [{ id: "out", destinationId: "d2" }], log);
  await adoptJournals(bed.folder, [{ id: "new", destinationId: "d1" }], log);
  expect(existsSync(journalPath(bed.folder, "new"))).toBe(false);
  expect(readdirSync(bed.folder).toSorted()).toEqual(["new.destination", "out.destination", "out.journal"]);
});
