import { renameSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { listedInodes, listSiblings } from "../../../../agent/input/tail/siblings.ts";
import { faultyFiles } from "../../../helpers/faulty-files.ts";
import { tempFolder } from "../../fixture.ts";

async function siblingsOf(base: string, names: readonly string[]): Promise<string[]> {
  using folder = tempFolder();
  for (const name of [base, ...names]) writeFileSync(join(folder.path, name), "");
  const siblings = await listSiblings(join(folder.path, base));
  return siblings.map(({ path }) => basename(path));
}

test("the kubelet's rotated names are siblings, oldest first, compressed ones among them", async () => {
  const names = ["0.log.20261121-054753", "0.log.20261120-054753", "0.log.20261119-054753.gz"];
  const others = ["0.log.bak", "10.log.20261121-054753", "0.log.20261121-054753.gz.tmp", "0.log.20261118-054753.tmp"];
  expect(await siblingsOf("0.log", [...names, ...others])).toEqual(names.toReversed());
});

test("a compressed file beside its plain one is not there yet", async () => {
  const names = ["0.log.20261121-054753", "0.log.20261121-054753.gz"];
  expect(await siblingsOf("0.log", names)).toEqual(["0.log.20261121-054753"]);
});

test.each([
  ["messages", ["messages.10", "messages.2.gz", "messages.1"]],
  ["messages", ["messages-20261119.gz", "messages-20261120", "messages-2026112105"]],
  ["app.log", ["app-20261120.log", "app-20261121.log"]],
  ["app.log", ["app.log.2026-11-20_05", "app.log.2026-11-21_05"]],
])("logrotate's and other programs' rotated names of %s are siblings: %j", async (base, names) => {
  expect(await siblingsOf(base, ["app.log.1.swp", "messages.tar", ...names.toReversed()])).toEqual(names);
});

test("another attempt's file is no sibling", async () => {
  expect(await siblingsOf("1.log", ["1.2.log", "2.log", "11.log"])).toEqual([]);
});

test("numbers and dates mixed are in the order of their last change", async () => {
  using folder = tempFolder();
  const names = ["messages.1", "messages-20261121", "messages.2"];
  for (const [index, name] of names.entries()) {
    writeFileSync(join(folder.path, name), "");
    utimesSync(join(folder.path, name), 1000 + index, 1000 + index);
  }
  const siblings = await listSiblings(join(folder.path, "messages"));
  expect(siblings.map(({ path }) => basename(path))).toEqual(names);
});

test("a file that is compressed between the listing and the look is listed under its new name", async () => {
  using folder = tempFolder();
  using files = await faultyFiles();
  const plain = join(folder.path, "0.log.20261121-054753");
  writeFileSync(plain, "x");
  const compress = () => renameSync(plain, `${plain}.gz`);
  files.before({ op: "stat", path: /054753$/, times: 1 }, compress);
  const siblings = await listSiblings(join(folder.path, "0.log"));
  expect(siblings.map(({ path, gzip }) => [path, gzip])).toEqual([[`${plain}.gz`, true]]);
});

test("a file that is renamed between the listing and the look still has a name", async () => {
  using folder = tempFolder();
  using files = await faultyFiles();
  const path = join(folder.path, "a.log");
  writeFileSync(path, "x");
  files.before({ op: "stat", path: /a\.log$/, times: 1 }, () => renameSync(path, `${path}.1`));
  expect((await listedInodes(path)).size).toBe(1);
});

test("a link that leads nowhere is left out, an error is not taken for absence", async () => {
  using folder = tempFolder();
  using files = await faultyFiles();
  const path = join(folder.path, "messages");
  symlinkSync("nowhere", `${path}.1`);
  writeFileSync(`${path}.2`, "x");
  expect((await listSiblings(path)).map((sibling) => sibling.path)).toEqual([`${path}.2`]);
  expect(await listSiblings(join(folder.path, "missing/messages"))).toEqual([]);
  files.fail({ op: "stat", path: /messages\.2/, code: "EIO", times: 1 });
  await expect(listSiblings(path)).rejects.toThrow("EIO");
  files.fail({ op: "readdir", path: /./, code: "EMFILE", times: 1 });
  await expect(listedInodes(path)).rejects.toThrow("EMFILE");
});
