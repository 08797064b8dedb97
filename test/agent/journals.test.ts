import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { adoptJournals, journalPath, listJournals } from "../../agent/journals.ts";
import { faultyFiles } from "../helpers/faulty-files.ts";
import { recordingLogger, tempFolder } from "./fixture.ts";

const { log } = recordingLogger();

const foldersOf = (folder: string) => ({ journals: folder, quarantine: join(folder, "../quarantine") });

/** A folder with the journals of outputs that an earlier configuration had, oldest first. */
async function folderWith(outputs: readonly { id: string; destinationId: string }[]) {
  const temp = tempFolder();
  const folder = join(temp.path, "outputs");
  mkdirSync(folder);
  await adoptJournals(foldersOf(folder), outputs, log);
  for (const [index, { id }] of outputs.entries()) {
    writeFileSync(journalPath(folder, id), `positions of ${id}`);
    utimesSync(journalPath(folder, id), index, index);
  }
  return { folder, [Symbol.dispose]: () => temp[Symbol.dispose]() };
}

test("an output under a new alias takes over the journal of the one that shipped to the same place", async () => {
  using bed = await folderWith([{ id: "old name/1", destinationId: "d1" }]);
  await adoptJournals(foldersOf(bed.folder), [{ id: "new", destinationId: "d1" }], log);
  expect(await listJournals(bed.folder)).toEqual(["new"]);
  expect(readFileSync(journalPath(bed.folder, "new"), "utf8")).toBe("positions of old name/1");
  await adoptJournals(foldersOf(bed.folder), [{ id: "old name/1", destinationId: "d1" }], log);
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
  await adoptJournals(foldersOf(bed.folder), others, log);
  expect((await listJournals(bed.folder)).toSorted()).toEqual(["old", "own"]);
});

test("of several former outputs to the same place the last one counts, and two new ones don't share it", async () => {
  using bed = await folderWith([
    { id: "first", destinationId: "d1" },
    { id: "last", destinationId: "d1" },
  ]);
  await adoptJournals(
    foldersOf(bed.folder),
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
  await adoptJournals(foldersOf(bed.folder), [{ id: "out", destinationId: "d2" }], log);
  await adoptJournals(foldersOf(bed.folder), [{ id: "new", destinationId: "d1" }], log);
  expect(existsSync(journalPath(bed.folder, "new"))).toBe(false);
  expect(readdirSync(bed.folder).toSorted()).toEqual(["new.destination", "out.destination", "out.journal"]);
});

const QUARANTINED = ["1.jsonl", "2.replay", "3.staged", "4.replay-7"];

/** The same, with files of the quarantine of `old name/1`, and of `other`. */
async function folderWithQuarantine() {
  const bed = await folderWith([{ id: "old name/1", destinationId: "d1" }]);
  const { quarantine } = foldersOf(bed.folder);
  mkdirSync(quarantine);
  for (const name of QUARANTINED) writeFileSync(join(quarantine, `old%20name%2F1-${name}`), name);
  writeFileSync(join(quarantine, "other-1.jsonl"), "other");
  return { ...bed, quarantine };
}

test("what an output left in the quarantine goes with its journal, in every state", async () => {
  using bed = await folderWithQuarantine();
  await adoptJournals(foldersOf(bed.folder), [{ id: "new", destinationId: "d1" }], log);
  expect(readdirSync(bed.quarantine).toSorted()).toEqual([
    ...QUARANTINED.map((name) => `new-${name}`),
    "other-1.jsonl",
  ]);
  expect(readFileSync(join(bed.quarantine, "new-3.staged"), "utf8")).toBe("3.staged");
});

test.each(["old name/1", "new", "third"])(
  "an adoption that stops at any of its renames is finished by the next start, the output called %s then",
  async (alias) => {
    for (let skip = 0; skip < 7; skip++) {
      using bed = await folderWithQuarantine();
      {
        using files = await faultyFiles();
        files.fail({ op: "rename", path: /./, code: "EIO", skip, times: 1 });
        await adoptJournals(foldersOf(bed.folder), [{ id: "new", destinationId: "d1" }], log).catch(() => undefined);
      }
      await adoptJournals(foldersOf(bed.folder), [{ id: alias, destinationId: "d1" }], log);
      expect(await listJournals(bed.folder)).toEqual([alias]);
      const moved = QUARANTINED.map((name) => `${encodeURIComponent(alias)}-${name}`);
      expect(readdirSync(bed.quarantine).toSorted()).toEqual([...moved, "other-1.jsonl"].toSorted());
      expect(readdirSync(bed.folder).filter((name) => name.endsWith(".former"))).toEqual([]);
    }
  },
);

test("a file of the quarantine whose new name is taken stays, and an error names it", async () => {
  using bed = await folderWithQuarantine();
  writeFileSync(join(bed.quarantine, "new-2.jsonl"), "of a journal that was lost");
  const { log: own, lines } = recordingLogger();
  await adoptJournals(foldersOf(bed.folder), [{ id: "new", destinationId: "d1" }], own);
  expect(readdirSync(bed.quarantine)).toEqual(expect.arrayContaining(["new-2.jsonl", "old%20name%2F1-2.replay"]));
  expect(lines.filter(({ level }) => level === "error").map(({ fields }) => fields["path"])).toEqual([
    join(bed.quarantine, "old%20name%2F1-2.replay"),
  ]);
});
