import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import { openJournal, parseJournal } from "../../../agent/state/journal.ts";
import { faultyFiles } from "../../helpers/faulty-files.ts";
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

/** Of all file handles: where a test puts its fault. */
async function handlePrototype(path: string): Promise<FileHandle> {
  await using handle = await open(path, "r");
  return Object.getPrototypeOf(handle) as FileHandle;
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
      /line [23]: its checksum does not match.*Restore it from a copy, or move it away/,
    );
  }
});

test("a last line whose blocks did not all reach the disk is dropped, damage to a whole one is refused", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "j");
  await write(path, [{ n: 1 }, { text: "x".repeat(9000) }]);
  const whole = readFileSync(path);
  const hole = Buffer.from(whole).fill(0, 4096, 8192);
  writeFileSync(path, hole);
  expect(await read(path)).toEqual([{ n: 1 }]);
  for (const damaged of [Buffer.from(whole).fill("y", 5000, 5001), Buffer.concat([hole, Buffer.from("more\n")])]) {
    writeFileSync(path, damaged);
    await expect(read(path)).rejects.toThrow("line 3: its checksum does not match");
  }
});

test.each([
  ["foreign", "hello", /is no logq journal/],
  ["foreign with lines", "[1]\n[2]\n", /line 1: its checksum does not match/],
  ["empty", "", /is empty/],
])("a file that is %s is refused with what to do, and left as it is", async (_, text, message) => {
  using folder = tempFolder();
  const path = join(folder.path, "j");
  writeFileSync(path, text);
  await expect(read(path)).rejects.toThrow(message);
  await expect(read(path)).rejects.toThrow(/Restore it from a copy, or move it away/);
  expect(readFileSync(path, "utf8")).toBe(text);
});

test("a journal cut off within its first line is refused: it was never written in parts", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "j");
  await write(path, []);
  const whole = readFileSync(path);
  for (let end = 0; end < whole.length; end++) {
    writeFileSync(path, whole.subarray(0, end));
    await expect(read(path)).rejects.toThrow(/cannot read the state.*move it away/);
    expect(readFileSync(path).length).toBe(end);
  }
});

test("a folder in the journal's place is refused by name", async () => {
  using folder = tempFolder();
  mkdirSync(join(folder.path, "j"));
  await expect(read(join(folder.path, "j"))).rejects.toThrow(/cannot read the state: .*\/j: EISDIR/);
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

test("an append whose fsync fails does not count, and no other may follow before all is written anew", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "j");
  await write(path, [{ n: 1 }]);
  const before = readFileSync(path);
  const { journal } = await openJournal(path, "output");
  const datasync = vi.spyOn(await handlePrototype(path), "datasync");
  datasync.mockRejectedValueOnce(new Error("EIO: i/o error"));
  await expect(journal.append({ n: 2 })).rejects.toThrow(`cannot write the state: ${path}: EIO`);
  expect([readFileSync(path), journal.uncertain]).toEqual([before, true]);
  await expect(journal.append({ n: 3 })).rejects.toThrow("must be rewritten first");
  await journal.rewrite([{ n: 1 }]);
  await journal.append({ n: 3 });
  await journal.close();
  await expect(journal.append({ n: 4 })).rejects.toThrow("is closed");
  expect(await read(path)).toEqual([{ n: 1 }, { n: 3 }]);
});

test("a disk that is full in the middle of an append leaves nothing of it, and the next one follows what is whole", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "j");
  await write(path, [{ n: 1 }]);
  const { journal } = await openJournal(path, "output");
  const prototype = await handlePrototype(path);
  const writeBytes = Reflect.get(prototype, "write") as (...args: unknown[]) => Promise<unknown>;
  const spy = vi.spyOn(prototype, "write");
  spy.mockImplementationOnce(async function (
    this: FileHandle,
    bytes: unknown,
    offset: unknown,
    _: unknown,
    at: unknown,
  ) {
    await writeBytes.call(this, bytes, offset, 5, at);
    throw new Error("ENOSPC: no space left on device");
  } as never);
  await expect(journal.append({ n: 2, text: "x".repeat(100) })).rejects.toThrow("ENOSPC");
  spy.mockRestore();
  expect(journal.uncertain).toBe(false);
  await journal.append({ n: 3 });
  await journal.close();
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

test("a rewrite whose name is not known to be durable must be repeated before an append", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "j");
  const { journal } = await openJournal(path, "output");
  await journal.append({ n: 1 });
  const sync = vi.spyOn(await handlePrototype(path), "sync");
  sync.mockResolvedValueOnce(undefined).mockRejectedValueOnce(new Error("EIO: i/o error"));
  await expect(journal.rewrite([{ n: 2 }])).rejects.toThrow("EIO");
  await expect(journal.append({ n: 3 })).rejects.toThrow("must be rewritten first");
  await journal.rewrite([{ n: 2 }]);
  await journal.append({ n: 3 });
  await journal.close();
  expect(await read(path)).toEqual([{ n: 2 }, { n: 3 }]);
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

test("on a disk that is full nothing is lost, and with room again all goes on", async () => {
  await using disk = await smallDisk();
  const path = join(disk.path, "j");
  const { journal } = await openJournal(path, "output");
  await journal.append({ n: 1 });
  disk.fill();
  const text = "x".repeat(20_000);
  await expect(journal.append({ text })).rejects.toThrow(`cannot write the state: ${path}: ENOSPC`);
  await expect(journal.rewrite([{ text }])).rejects.toThrow("ENOSPC");
  disk.free();
  if (journal.uncertain) await journal.rewrite([{ n: 1 }]);
  await journal.append({ n: 2 });
  await journal.close();
  expect(await read(path)).toEqual([{ n: 1 }, { n: 2 }]);
});

/** A file system of 64 KB; where none may be mounted, a folder whose writes fail while it is "full". */
async function smallDisk(): Promise<AsyncDisposable & { readonly path: string; fill(): void; free(): void }> {
  const folder = tempFolder();
  const { path } = folder;
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", path]);
  if (status !== 0) {
    const files = await faultyFiles();
    const fill = () => {
      for (const op of ["FileHandle.write", "FileHandle.writeFile"])
        files.fail({ op, path: /j(\.tmp)?$/, code: "ENOSPC" });
    };
    const dispose = () => (files[Symbol.dispose](), folder[Symbol.dispose]());
    return {
      path,
      fill,
      free: () => files.heal(),
      [Symbol.asyncDispose]: async () => await Promise.resolve(dispose()),
    };
  }
  const ballast = join(path, "ballast");
  return {
    path,
    fill: () => expect(() => writeFileSync(ballast, Buffer.alloc(1 << 17))).toThrow("ENOSPC"),
    free: () => rmSync(ballast),
    [Symbol.asyncDispose]: async () => {
      execFileSync("umount", [path]);
      await Promise.resolve(folder[Symbol.dispose]());
    },
  };
}
