import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { createExportParser, type JournalEntry } from "../../agent/input/systemd/export-format.ts";
import { newestArguments, readArguments, startJournalctl } from "../../agent/input/systemd/journalctl.ts";
import type { FakeEntry } from "../servers/journalctl.ts";
import { entry, JOURNALCTL, systemdConfig, write } from "../agent/input/systemd/bed.ts";
import { tempFolder } from "../agent/fixture.ts";
import { writeJournal } from "./write-journal.ts";

/** What the tests' own journalctl claims, systemd's does. */
const PROGRAMS = {
  "systemd's": {
    command: "journalctl",
    add: writeJournal,
    remove: (folder: string, name: string, _left: readonly FakeEntry[]) => rmSync(join(folder, `${name}.journal`)),
  },
  "the tests' own": {
    command: JOURNALCTL,
    add: async (folder: string, _name: string, entries: readonly FakeEntry[]) => {
      write(folder, ...entries);
      await Promise.resolve();
    },
    remove: (folder: string, _name: string, left: readonly FakeEntry[]) => {
      rmSync(join(folder, "entries.json"));
      write(folder, ...left);
    },
  },
} as const;

type Reading = Partial<Parameters<typeof readArguments>[1]> & Partial<Parameters<typeof readArguments>[0]>;

/** Reads a journal to its end. */
async function read(
  command: string,
  path: string,
  { cursor = null, ...changes }: Reading = {},
): Promise<JournalEntry[]> {
  return await entriesOf(command, readArguments(systemdConfig({ path, ...changes }), { cursor, follow: false }));
}

async function entriesOf(command: string, args: readonly string[]): Promise<JournalEntry[]> {
  const child = startJournalctl(command, args);
  const parser = createExportParser();
  const entries: JournalEntry[] = [];
  for await (const chunk of child.stdout) entries.push(...parser.push(chunk as Buffer));
  await child.ended;
  return entries;
}

const valueOf = ({ fields }: JournalEntry, name: string): string | undefined =>
  fields.find((field) => field.name === name)?.value.toString();
const messages = (entries: readonly JournalEntry[]) => entries.map((each) => valueOf(each, "MESSAGE"));
const cursorOf = (each: JournalEntry): string => valueOf(each, "__CURSOR")!;
const numbered = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => entry(from + index));

describe.each(Object.entries(PROGRAMS))("journalctl, %s", (_, { command, add, remove }) => {
  test("gives entries in their order, with any bytes and a field several times", async () => {
    using folder = tempFolder();
    const bytes = Buffer.from([0, 255, 10, 61, 10, 10]);
    await add(folder.path, "a", [entry(1, { MESSAGE: "two\nlines" }), entry(2, { BYTES: bytes, LIST: ["1", "2"] })]);
    const [first, second] = await read(command, folder.path);
    expect([valueOf(first!, "MESSAGE"), valueOf(first!, "__REALTIME_TIMESTAMP")]).toEqual([
      "two\nlines",
      String(entry(1).usec),
    ]);
    expect(second!.fields.filter(({ name }) => name === "LIST").map(({ value }) => value.toString())).toEqual([
      "1",
      "2",
    ]);
    expect(second!.fields.find(({ name }) => name === "BYTES")!.value).toEqual(bytes);
  });

  test("begins with the entry at the cursor", async () => {
    using folder = tempFolder();
    await add(folder.path, "a", numbered(1, 5));
    const all = await read(command, folder.path);
    const cursor = cursorOf(all[2]!);
    expect(messages(await read(command, folder.path, { cursor }))).toEqual(["m3", "m4", "m5"]);
    expect(cursorOf((await read(command, folder.path, { cursor }))[0]!)).toBe(cursor);
  });

  test("begins with the entry behind the cursor if that one is there no more", async () => {
    using folder = tempFolder();
    await add(folder.path, "a", numbered(1, 3));
    await add(folder.path, "b", numbered(4, 6));
    const all = await read(command, folder.path);
    expect(messages(all)).toEqual(["m1", "m2", "m3", "m4", "m5", "m6"]);
    remove(folder.path, "a", numbered(4, 6));
    expect(messages(await read(command, folder.path, { cursor: cursorOf(all[2]!) }))).toEqual(["m4", "m5", "m6"]);
  });

  test("begins with the next entry that is chosen if the one at the cursor is not", async () => {
    using folder = tempFolder();
    await add(folder.path, "a", numbered(1, 5).map((each, index) => ({ ...each, ...entry(index + 1, { _PID: String(index % 2) }) }))); // prettier-ignore
    const cursor = cursorOf((await read(command, folder.path))[1]!);
    expect(messages(await read(command, folder.path, { cursor, filters: ["_PID=0"] }))).toEqual(["m3", "m5"]);
  });

  test("chooses by one filter or by all of them", async () => {
    using folder = tempFolder();
    await add(folder.path, "a", [
      entry(1, { _SYSTEMD_UNIT: "a.service", _TRANSPORT: "x" }),
      entry(2, { _SYSTEMD_UNIT: "b.service", _TRANSPORT: "x" }),
      entry(3, { _SYSTEMD_UNIT: "b.service", _TRANSPORT: "y" }),
    ]);
    const filters = ["_SYSTEMD_UNIT=a.service", "_TRANSPORT=y"];
    expect(messages(await read(command, folder.path, { filters }))).toEqual(["m1", "m3"]);
    const both = ["_SYSTEMD_UNIT=b.service", "_TRANSPORT=x"];
    expect(messages(await read(command, folder.path, { filters: both, filterType: "and" }))).toEqual(["m2"]);
  });

  test("gives the newest entry", async () => {
    using folder = tempFolder();
    await add(folder.path, "a", numbered(1, 5));
    expect(messages(await entriesOf(command, newestArguments(systemdConfig({ path: folder.path }))))).toEqual(["m5"]);
  });

  test("goes on with what is written from then on, to the same file and to another", async () => {
    using folder = tempFolder();
    await add(folder.path, "a", numbered(1, 3));
    const cursor = cursorOf((await read(command, folder.path))[2]!);
    const child = startJournalctl(
      command,
      readArguments(systemdConfig({ path: folder.path }), { cursor, follow: true }),
    );
    const parser = createExportParser();
    const seen: JournalEntry[] = [];
    child.stdout.on("data", (chunk: Buffer) => seen.push(...parser.push(chunk)));
    const until = async (count: number) => await vi.waitUntil(() => seen.length >= count, { timeout: 30_000 });
    await until(1);
    await add(folder.path, "a", numbered(4, 5));
    await until(3);
    await add(folder.path, "b", numbered(6, 7));
    await until(5);
    // Nothing comes twice either.
    await sleep(200);
    expect(messages(seen)).toEqual(["m3", "m4", "m5", "m6", "m7"]);
    child.stop();
    await child.ended;
  });
});
