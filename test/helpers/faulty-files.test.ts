import { linkSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { link, open, stat, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../agent/fixture.ts";
import { faultyFiles } from "./faulty-files.ts";

test("an operation fails on matching paths alone, from the n-th call on, as often as told", async () => {
  using folder = tempFolder();
  using files = await faultyFiles();
  const [a, b] = [join(folder.path, "a"), join(folder.path, "b")];
  const fault = files.fail({ op: "writeFile", path: /a$/, code: "ENOSPC", skip: 1, times: 1 });
  await writeFile(a, "1");
  await writeFile(b, "1");
  await expect(writeFile(a, "2")).rejects.toMatchObject({ code: "ENOSPC" });
  await writeFile(a, "3");
  expect(fault.hits).toBe(1);
  expect(readFileSync(a, "utf8")).toBe("3");
});

test("either path of two matches", async () => {
  using folder = tempFolder();
  using files = await faultyFiles();
  files.fail({ op: "link", path: /new$/, code: "EXDEV" });
  await expect(link("/etc/hostname", join(folder.path, "new"))).rejects.toMatchObject({ code: "EXDEV" });
});

test("a handle fails by the path it was opened with, and writes a part if told", async () => {
  using folder = tempFolder();
  using files = await faultyFiles();
  const path = join(folder.path, "journal");
  files.fail({ op: "FileHandle.datasync", path: /journal$/, code: "EIO", times: 1 });
  files.fail({ op: "FileHandle.write", path: /journal$/, code: "ENOSPC", times: 1, partialBytes: 2 });
  await using handle = await open(path, "w");
  await expect(handle.write("text")).rejects.toMatchObject({ code: "ENOSPC" });
  expect(readFileSync(path, "utf8")).toBe("te");
  await expect(handle.datasync()).rejects.toMatchObject({ code: "EIO" });
  await handle.datasync();
});

test.each([
  ["a part of a buffer", [Buffer.from("xtext"), 1, 3, 4]],
  ["a part of a buffer, named", [Buffer.from("xtext"), { offset: 1, length: 3, position: 4 }]],
  ["text", ["text", 4]],
])("the part that gets through of a write at a position (%s) lands there", async (_, args) => {
  using folder = tempFolder();
  using files = await faultyFiles();
  const path = join(folder.path, "journal");
  writeFileSync(path, "12345678");
  await using handle = await open(path, "r+");
  files.fail({ op: "FileHandle.write", path: /journal$/, code: "ENOSPC", partialBytes: 2 });
  const write = handle.write.bind(handle) as (...all: unknown[]) => Promise<unknown>;
  await expect(write(...args)).rejects.toMatchObject({ code: "ENOSPC" });
  expect(readFileSync(path, "utf8")).toBe("1234te78");
});

test("a synchronous operation fails, also by its descriptor, and a hook runs before one", async () => {
  using folder = tempFolder();
  using files = await faultyFiles();
  const [a, b] = [join(folder.path, "a"), join(folder.path, "b")];
  writeFileSync(a, "");
  files.before({ op: "statSync", path: /b$/ }, () => linkSync(a, b));
  expect(statSync(b).ino).toBe(statSync(a).ino);
  files.fail({ op: "statSync", path: /a$/, code: "EACCES" });
  expect(() => statSync(a)).toThrow("EACCES");
});

test("an answer stands for the system's, and everything is as before after disposal", async () => {
  const was = stat;
  {
    using files = await faultyFiles();
    files.answer({ op: "statfs", path: /.*/ }, () => Promise.resolve({ bavail: 1 }));
    expect(await statfs("/")).toEqual({ bavail: 1 });
    files.fail({ op: "stat", path: /^\/$/, code: "EIO" });
    await expect(stat("/")).rejects.toMatchObject({ code: "EIO" });
    files.heal();
    await stat("/");
  }
  expect(stat).toBe(was);
  expect((await statfs("/")).bavail).toBeGreaterThan(1);
});
