import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readLife } from "../../../agent/state/life.ts";
import { faultyFiles } from "../../helpers/faulty-files.ts";
import { tempFolder } from "../fixture.ts";

test("the identity is made once and read ever after", async () => {
  using folder = tempFolder();
  const { id, isNew } = await readLife(folder.path);
  expect([id, isNew]).toEqual([expect.stringMatching(/^[0-9a-f]{20}$/), true]);
  expect(await readLife(folder.path)).toEqual({ id, isNew: false });
});

test("an identity cut at any byte, or foreign, is refused with what to do, and left as it is", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "life");
  await readLife(folder.path);
  const whole = readFileSync(path, "latin1");
  const cuts = Array.from({ length: whole.length }, (_, end) => whole.slice(0, end));
  for (const text of [...cuts, `${whole}x`, "0123456789ABCDEF0123\n", "\0".repeat(21)]) {
    writeFileSync(path, text, "latin1");
    await expect(readLife(folder.path)).rejects.toThrow(
      /life must hold 20 hex digits, it is damaged; restore it from a copy or start with an empty storage.path/,
    );
    expect(readFileSync(path, "latin1")).toBe(text);
  }
});

test("an identity that was lost is not made anew under positions that are there", async () => {
  using folder = tempFolder();
  mkdirSync(join(folder.path, "outputs"));
  writeFileSync(join(folder.path, "outputs", "a.journal"), "");
  await expect(readLife(folder.path)).rejects.toThrow(
    /life is missing, but outputs\/a.journal is there; restore it from a copy or start with an empty storage.path/,
  );
  expect(existsSync(join(folder.path, "life"))).toBe(false);
});

test("a folder in its place, and a disk that fails, are said by name", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "life");
  mkdirSync(path);
  await expect(readLife(folder.path)).rejects.toThrow(`cannot read the state: ${path}: EISDIR`);
  expect(statSync(path).isDirectory()).toBe(true);
  using other = tempFolder();
  using files = await faultyFiles();
  files.fail({ op: "readFile", path: /life$/, code: "EIO" });
  await expect(readLife(other.path)).rejects.toThrow("EIO");
  files.heal();
  files.fail({ op: "FileHandle.sync", path: /life/, code: "ENOSPC", times: 1 });
  await expect(readLife(other.path)).rejects.toThrow("ENOSPC");
  expect(await readLife(other.path)).toMatchObject({ isNew: true });
});
