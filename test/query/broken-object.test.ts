/** Objects that nobody can read, among others that all can: never the user's mistake, and always by their names. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findBroken, isOfFiles } from "../../query/engine/broken-file.ts";
import type { Failure } from "../../query/engine/duckdb-error.ts";
import { runLogq, type Ran } from "./run-logq.ts";
import { objectOf, PARTITION } from "./store/objects.ts";
import { openBed } from "./store/s3/bed.ts";

const SIGNAL = new AbortController().signal;
const NAMES = ["node-1-a-out-1.parquet", "node-2-a-out-1.parquet", "node-3-a-out-1.parquet"] as const;
const KEY = `${PARTITION}/${NAMES[1]}`;
const folder = mkdtempSync(join(tmpdir(), "logq-broken-"));
let whole: Buffer;

beforeAll(async () => {
  whole = await objectOf([
    { pod: "api-1", rows: 300, logBytes: 200 },
    { pod: "web-1", rows: 200, logBytes: 100 },
  ]);
});

afterAll(() => rmSync(folder, { recursive: true }));

const BROKEN: readonly (readonly [string, () => Buffer, RegExp])[] = [
  ["cut off", () => whole.subarray(0, whole.length / 2), /./],
  ["of no bytes", () => Buffer.alloc(0), /./],
  ["that is no Parquet", () => Buffer.from("no parquet at all, by no means"), /./],
  ["with another byte in its footer", () => patched((bytes) => (bytes[footerAt() + 2]! ^= 0x40)), /./],
  ["with a footer of garbage", () => patched((bytes) => bytes.fill(0xff, footerAt(), bytes.length - 8)), /./],
  // What it says then names no file: without a look at each, it is like a mistake in the query.
  [
    "with a page whose header is garbage",
    () => patched((bytes) => bytes.fill(0xff, 4, 40)),
    /TProtocolException|don't know what type/,
  ],
  [
    "with a page that cannot be decompressed",
    () => patched((bytes) => bytes.fill(0xff, frameAt(), frameAt() + 4)),
    /ZSTD Decompression failure/,
  ],
];

describe.each([
  ["directory", inDirectory],
  ["bucket", inBucket],
] as const)("in a %s, an object", (_, ask) => {
  test.each(BROKEN)("%s is named, with what to do; the exit code is 4", async (_name, broken, why) => {
    const { location, ran } = await ask(broken());
    expect([ran.code, ran.stdout]).toEqual([4, ""]);
    const [message, ...hints] = ran.stderr.trim().split("\n");
    expect(message).toContain(`logq: ${location}/${KEY} is broken: `);
    expect(message).toMatch(why);
    expect(hints).toEqual([
      "  move it out of the store, or leave its hour out by --from and --to; logq doctor looks for more",
    ]);
  });
});

test("a folder with the name of an object is none", async () => {
  const path = store({ [NAMES[0]]: whole });
  mkdirSync(join(path, KEY));
  const ran = await runLogq(["select count(*) as n", "--store", path, "-q"]);
  expect(ran).toMatchObject({ code: 0, stdout: '{"n":500}\n', stderr: "" });
});

test("files that can all be read are not blamed, and an interrupted search finds nothing", async () => {
  const path = store({ [NAMES[0]]: whole, [NAMES[1]]: Buffer.from("no parquet at all") });
  const files = NAMES.slice(0, 2).map((name) => join(path, PARTITION, name));
  expect(await findBroken(files.slice(0, 1), {}, SIGNAL)).toBeNull();
  expect(await findBroken(files, {}, SIGNAL)).toMatchObject({ file: files[1] });
  expect(await findBroken(files, {}, AbortSignal.abort())).toBeNull();
});

test("only a failure that may be a file's, and names none, has them read again", () => {
  const files = ["/logs/a.parquet"];
  expect(isOfFiles(failure("Invalid", "don't know what type: \u000e"), files)).toBe(true);
  expect(isOfFiles(failure("Invalid Input", "Mismatch in parquet read for column 3"), files)).toBe(true);
  expect(isOfFiles(failure("Invalid", "Out of buffer"), [])).toBe(false);
  expect(isOfFiles(failure("IO", "Could not read enough bytes from /logs/a.parquet"), files)).toBe(false);
  expect(isOfFiles(failure("Conversion", "Could not convert string 'x' to INT32"), files)).toBe(false);
  expect(isOfFiles(failure("Out of Memory", "failed to allocate"), files)).toBe(false);
});

function failure(type: string, message: string): Failure {
  return { type, message, position: null, name: null, subtype: null };
}

interface Asked {
  readonly location: string;
  readonly ran: Ran;
}

const QUERY = ["select * where pod like '%1'", "--all-time", "--limit", "3", "-q"];

async function inDirectory(broken: Buffer): Promise<Asked> {
  const location = store(amongWhole(broken));
  return { location, ran: await runLogq([...QUERY, "--store", location]) };
}

async function inBucket(broken: Buffer): Promise<Asked> {
  await using bed = await openBed();
  for (const [name, bytes] of Object.entries(amongWhole(broken))) bed.put(`${PARTITION}/${name}`, bytes);
  const env = { LOGQ_CACHE_DIR: join(bed.folder, "cache") };
  return { location: bed.location, ran: await runLogq([...QUERY, "--store", bed.location], { env }) };
}

function amongWhole(broken: Buffer): Record<string, Buffer> {
  return { [NAMES[0]]: whole, [NAMES[1]]: broken, [NAMES[2]]: whole };
}

/** A fresh store of one hour. */
function store(objects: Readonly<Record<string, Buffer>>): string {
  const path = mkdtempSync(join(folder, "store-"));
  for (const [name, bytes] of Object.entries(objects)) {
    const file = join(path, PARTITION, name);
    if (!existsSync(dirname(file))) mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
  return path;
}

function patched(change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(whole);
  change(bytes);
  return bytes;
}

function footerAt(): number {
  return whole.length - 8 - whole.readUInt32LE(whole.length - 8);
}

/** The first page that is compressed. */
function frameAt(): number {
  return whole.indexOf(Buffer.of(0x28, 0xb5, 0x2f, 0xfd));
}
