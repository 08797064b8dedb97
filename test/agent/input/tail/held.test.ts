import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { openBed } from "../../bed.ts";
import { append, cri, T0_MS } from "../../fixture.ts";

const line = (text: string) => cri("stdout", "F", text);
const openDescriptors = () => readdirSync("/proc/self/fd").length;

test("a held file survives a reload: its descriptor is handed over, though its names are gone", async () => {
  await using before = await openBed({ links: false });
  const path = join(before.logs, "a.log");
  append(path, line("1"));
  await before.run(T0_MS);
  append(path, line("2"));
  rmSync(path);
  const descriptors = openDescriptors();
  const held = await before.tail.detach();
  await before.positions.close();
  expect(before.tail.files.size).toBe(0);
  await using after = await openBed({ folder: before.folder, links: false, held });
  expect(held.size).toBe(0);
  await after.run(T0_MS + 1000);
  expect(after.logsShipped()).toEqual(["2"]);
  expect(openDescriptors()).toBe(descriptors);
});

test("of a held file that was given up nothing stays open over a reload", async () => {
  await using before = await openBed({ links: false });
  const path = join(before.logs, "a.log");
  append(path, line("1"));
  await before.run(T0_MS);
  writeFileSync(path, "");
  await before.tail.poll(T0_MS + 1000, true);
  const descriptors = openDescriptors();
  const held = await before.tail.detach();
  await before.positions.close();
  await using after = await openBed({ folder: before.folder, links: false, held });
  expect(held.size).toBe(0);
  await after.run(T0_MS + 2000);
  expect(openDescriptors()).toBe(descriptors - 1);
});

test("a held file that was rotated while the agent was down is found again by its inode", async () => {
  await using before = await openBed({ links: false });
  const path = join(before.logs, "a.log");
  append(path, line("1"));
  await before.run(T0_MS);
  await before.positions.close();
  await before.tail.close();
  append(path, line("2"));
  renameSync(path, `${path}.20261121-050001`);
  append(path, line("3"));
  await using after = await openBed({ folder: before.folder, links: false });
  await after.run(T0_MS + 1000);
  await after.run(T0_MS + 10_000);
  expect(after.logsShipped()).toEqual(["2", "3"]);
});

test("a held file that was empty when it was found is known when it was compressed while the agent was down", async () => {
  await using before = await openBed({ links: false });
  const path = join(before.logs, "a.log");
  append(path, "");
  await before.run(T0_MS);
  append(path, line("1".repeat(300)));
  await before.run(T0_MS + 1000);
  append(path, line("2"));
  await before.positions.close();
  await before.tail.close();
  const rotated = `${path}.20261121-050001`;
  writeFileSync(`${rotated}.gz`, gzipSync(readFileSync(path)));
  rmSync(path);
  append(path, line("3"));
  await using after = await openBed({ folder: before.folder, links: false });
  await after.run(T0_MS + 2000);
  await after.run(T0_MS + 20_000);
  expect(after.logsShipped()).toEqual(["2", "3"]);
});

test("files born while the agent was down are shipped though the new live file has the inode of one that is gone", async () => {
  await using before = await openBed({ links: false });
  const path = join(before.logs, "a.log");
  append(path, "");
  await before.run(T0_MS);
  await before.positions.close();
  await before.tail.close();
  rmSync(path);
  append(`${path}.20261121-050001`, line("1"));
  append(path, line("2"));
  // As a file system does that gives a freed inode to the next file.
  const files = join(before.folder, "state/files");
  const record = join(
    files,
    readdirSync(files).find((name) => name.endsWith(".json"))!,
  );
  writeFileSync(record, readFileSync(record, "utf8").replace(/"inode":\d+/, `"inode":${statSync(path).ino}`));
  await using after = await openBed({ folder: before.folder, links: false });
  await after.run(T0_MS + 1000);
  await after.run(T0_MS + 20_000);
  expect(after.logsShipped()).toEqual(["1", "2"]);
});
