import { openSync, closeSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test, vi } from "vitest";
import { GzipFiles, inspectGzip } from "../../../../agent/input/tail/gzip-file.ts";
import { Inflater } from "../../../../agent/input/tail/inflate.ts";
import { tempFolder } from "../../fixture.ts";

const TEXT = Buffer.from(Array.from({ length: 300_000 }, (_, n) => `line ${n} ${(n * 7919) % 1000}\n`).join(""));

async function inspect(folder: string, bytes: Buffer) {
  const path = join(folder, "x.gz");
  writeFileSync(path, bytes);
  const fd = openSync(path, "r");
  const content = await inspectGzip(fd);
  closeSync(fd);
  return { path, content };
}

test("a look at a compressed file tells how long its content is and how it starts", async () => {
  using folder = tempFolder();
  const { content } = await inspect(folder.path, gzipSync(TEXT));
  expect(content).toEqual({ size: TEXT.length, head: TEXT.subarray(0, 256), problem: null });
});

test("members one after another are one content, as gzip(1) reads them", async () => {
  using folder = tempFolder();
  const members = [TEXT.subarray(0, 10), TEXT.subarray(10, 70_000), TEXT.subarray(70_000)];
  const { path, content } = await inspect(folder.path, Buffer.concat(members.map((part) => gzipSync(part))));
  expect(content).toMatchObject({ size: TEXT.length, problem: null });
  using file = new GzipFiles().open("a", path, content.size);
  const read = Buffer.alloc(TEXT.length);
  expect(file.read(read, 0, read.length, 0)).toBe(TEXT.length);
  expect(read.equals(TEXT)).toBe(true);
});

test("content is read at any offset, forward and back", async () => {
  using folder = tempFolder();
  const { path, content } = await inspect(folder.path, gzipSync(TEXT));
  const files = new GzipFiles();
  const before = readdirSync("/proc/self/fd").length;
  for (const position of [0, 4_000_000, 3_999_000, 100, TEXT.length - 50, TEXT.length]) {
    using file = files.open("a", path, content.size);
    const read = Buffer.alloc(1000);
    const bytes = file.read(read, 100, 900, position);
    expect(read.subarray(100, 100 + bytes).equals(TEXT.subarray(position, position + 900))).toBe(true);
    expect(bytes).toBe(Math.min(900, TEXT.length - position));
  }
  files.close();
  expect(readdirSync("/proc/self/fd").length).toBe(before);
});

test("two outputs at different offsets of a compressed file each go on where they were", async () => {
  using folder = tempFolder();
  const { path, content } = await inspect(folder.path, gzipSync(TEXT));
  const files = new GzipFiles();
  const steps = vi.spyOn(Inflater.prototype, "step");
  const read = Buffer.alloc(100_000);
  for (let turn = 0; turn < 10; turn++) {
    for (const from of [0, 2_000_000]) {
      using file = files.open("a", path, content.size);
      const position = from + turn * read.length;
      expect(file.read(read, 0, read.length, position)).toBe(read.length);
      expect(read.equals(TEXT.subarray(position, position + read.length))).toBe(true);
    }
  }
  files.close();
  // Twice up to where they came, not from the start at each turn.
  const inflated = steps.mock.results.reduce((sum, { value }) => sum + Number(value), 0);
  expect(inflated).toBeLessThan(1_200_000 + 3_200_000);
  steps.mockRestore();
});

test.each([
  ["cut off", (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1), /unexpected end of file/],
  ["overwritten in the middle", (bytes: Buffer) => bytes.fill(255, bytes.length >> 1, (bytes.length >> 1) + 500), /./],
])("of a file that is %s, what comes before the damage is readable, the same each time", async (_, damage, problem) => {
  using folder = tempFolder();
  const { path, content } = await inspect(folder.path, damage(gzipSync(TEXT)));
  expect(content.problem).toMatch(problem);
  const intact = Math.floor(TEXT.length * 0.4);
  expect(content.size).toBeGreaterThan(intact);
  const reads = [1, 2].map(() => {
    using file = new GzipFiles().open("a", path, content.size);
    const read = Buffer.alloc(content.size + 1000);
    expect(file.read(read, 0, read.length, 0)).toBe(content.size);
    return read;
  });
  expect(reads[0]!.equals(reads[1]!)).toBe(true);
  expect(reads[0]!.subarray(0, intact).equals(TEXT.subarray(0, intact))).toBe(true);
});

test("a file that is not compressed has no content", async () => {
  using folder = tempFolder();
  const { content } = await inspect(folder.path, Buffer.from("plain text"));
  expect(content).toMatchObject({ size: 0, problem: "incorrect header check" });
});

test("an empty compressed file has no content, and no problem", async () => {
  using folder = tempFolder();
  expect((await inspect(folder.path, gzipSync(""))).content).toMatchObject({ size: 0, problem: null });
});
