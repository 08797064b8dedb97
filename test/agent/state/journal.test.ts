import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import { openJournal, parseJournal } from "../../../agent/state/journal.ts";
import { tempFolder } from "../fixture.ts";

async function write(path: string, records: readonly object[]): Promise<void> {
  const { journal } = await openJournal(path, "output");
  for (const record of records) await journal.append(record);
  await journal.close();
}

async function read(path: string): Promise<object[]> {
  const { journal, records } = await openJournal(path, "output");
  await journal.close();
  return records;
}

test("records come back in order, whatever text they hold", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ text: fc.string({ unit: "binary" }), n: fc.integer() }), { maxLength: 5 }),
      async (records) => {
        using folder = tempFolder();
        await write(join(folder.path, "j"), records);
        expect(await read(join(folder.path, "j"))).toEqual(records);
      },
    ),
    { numRuns: 25 },
  );
});

test("a journal torn at any byte of its last record has all the records before it, and takes new ones", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "j");
  await write(path, [{ n: 1 }]);
  const before = readFileSync(path).length;
  await write(path, [{ n: 2, text: "語" }]);
  const whole = readFileSync(path);
  for (let end = before; end < whole.length; end++) {
    const torn = join(folder.path, `torn-${end}`);
    writeFileSync(torn, whole.subarray(0, end));
    expect(await read(torn)).toEqual([{ n: 1 }]);
    await write(torn, [{ n: 3 }]);
    expect(await read(torn)).toEqual([{ n: 1 }, { n: 3 }]);
  }
});

test("damage to any byte before the last line is refused, with the file, the line and what to do", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "j");
  await write(path, [{ n: 1 }, { n: 2 }]);
  const whole = readFileSync(path);
  const first = whole.indexOf(10) + 1;
  const second = whole.indexOf(10, first) + 1;
  for (let at = first; at < second; at++) {
    const damaged = Buffer.from(whole);
    damaged[at] = damaged[at]! ^ 1;
    expect(() => parseJournal(path, "output", damaged)).toThrow(
      /line [23]: its checksum does not match.*Move the file away/,
    );
  }
});

test("a file that is no journal is refused and left as it is", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "j");
  writeFileSync(path, "hello");
  await expect(read(path)).rejects.toThrow(`${path} is no logq journal`);
  expect(readFileSync(path, "utf8")).toBe("hello");
});

test("a journal of another purpose and one of a newer version are refused", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "j");
  await write(path, []);
  await expect(openJournal(path, "spool")).rejects.toThrow('is no "spool" journal of logq but "output"');
  const { journal } = await openJournal(path, "output");
  await journal.append({ logq: "output", version: 2 });
  await journal.close();
  const text = readFileSync(path, "utf8").split("\n")[1]!;
  writeFileSync(path, `${text}\n`);
  await expect(read(path)).rejects.toThrow(
    "has version 2, this logq-agent reads version 1; start the newer agent again",
  );
});

test("an append that fails throws, and what was there before is whole", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "j");
  await write(path, [{ n: 1 }]);
  const before = readFileSync(path);
  const { journal } = await openJournal(path, "output");
  const handle = await open(path, "r");
  const datasync = vi.spyOn(Object.getPrototypeOf(handle) as FileHandle, "datasync");
  datasync.mockRejectedValueOnce(new Error("EIO: i/o error"));
  await handle.close();
  await expect(journal.append({ n: 2 })).rejects.toThrow(`cannot write the state: ${path}: EIO`);
  expect(readFileSync(path)).toEqual(before);
  await journal.append({ n: 3 });
  await journal.close();
  await expect(journal.append({ n: 4 })).rejects.toThrow("is closed");
  expect(await read(path)).toEqual([{ n: 1 }, { n: 3 }]);
});

test("a rewrite that fails leaves the records as they were, and the journal usable", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "j");
  const { journal } = await openJournal(path, "output");
  await journal.append({ n: 1 });
  symlinkSync("/dev/full", `${path}.tmp`);
  await expect(journal.rewrite([{ n: 2 }])).rejects.toThrow("ENOSPC");
  await journal.append({ n: 3 });
  await journal.close();
  expect(await read(path)).toEqual([{ n: 1 }, { n: 3 }]);
});

test("a rewrite replaces all records, and appends follow it", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "j");
  const { journal } = await openJournal(path, "output");
  for (let n = 0; n < 20; n++) await journal.append({ n });
  await journal.rewrite([{ sum: 190 }]);
  await journal.append({ n: 20 });
  expect(journal.size).toBe(readFileSync(path).length);
  await journal.close();
  expect(await read(path)).toEqual([{ sum: 190 }, { n: 20 }]);
});
