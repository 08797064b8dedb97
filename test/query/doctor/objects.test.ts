import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { objectChecks, objectsToCheck } from "../../../query/doctor/objects.ts";
import type { StoredObject } from "../../../query/store/store.ts";
import { makeStore } from "../../helpers/store.ts";

const KEY = "cluster=prod/dt=2026-11-21/hour=10/node-1-00112233445566778899-out-1.parquet";
const SIGNAL = new AbortController().signal;
let whole: Buffer;
let foreign: Buffer;

beforeAll(async () => {
  const directory = mkdtempSync(join(tmpdir(), "logq-doctor-"));
  const { files } = await makeStore(directory);
  whole = readFileSync(files[0]!);
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(`COPY (SELECT 1 AS a) TO '${directory}/foreign.parquet' (FORMAT parquet)`);
  foreign = readFileSync(join(directory, "foreign.parquet"));
  connection.closeSync();
  instance.closeSync();
  afterAll(() => rmSync(directory, { recursive: true }));
});

test("whole objects are said in one line", async () => {
  expect(await objectChecks(storeOf(whole), [object(whole)], SIGNAL)).toMatchObject([
    { status: "ok", message: "the newest 1 object can be read" },
  ]);
});

test.each([
  ["of no bytes", () => Buffer.alloc(0), "0 bytes are no Parquet file"],
  ["cut off", () => whole.subarray(0, whole.length / 2), "does not end in PAR1"],
  [
    "whose footer's length is wrong",
    () => patched((bytes) => bytes.writeUInt32LE(99_999_999, bytes.length - 8)),
    "longer than the file",
  ],
  [
    "whose footer is garbage",
    () => patched((bytes) => bytes.fill(0xff, bytes.length - 500, bytes.length - 8)),
    "its footer cannot be read",
  ],
  [
    "whose middle was cut out",
    () => Buffer.concat([whole.subarray(0, 4), whole.subarray(-3000)]),
    "ends behind the file",
  ],
  ["of another table", () => foreign, "it has no column ts, ts_ns, source"],
])("an object %s is named with what is wrong", async (_, make, message) => {
  const bytes = make();
  const checks = await objectChecks(storeOf(bytes), [object(bytes)], SIGNAL);
  expect(checks).toMatchObject([{ status: "fail", message: expect.stringMatching(`^${KEY} is broken: .*${message}`) }]);
});

test("an object that cannot be fetched is a warning: it may have been deleted", async () => {
  const other = { ...object(whole), key: `${KEY}.deleted` };
  const store = {
    read: (key: string, range?: { start: number; end: number }) =>
      key === other.key
        ? Promise.reject(new Error("no such object"))
        : Promise.resolve(whole.subarray(range!.start, range!.end)),
  };
  expect(await objectChecks(store, [object(whole), other], SIGNAL)).toEqual([
    expect.objectContaining({ status: "warn", message: `${other.key} cannot be read: no such object` }),
  ]);
});

test("objects none of which can be fetched are a failure, said once: no query would be answered", async () => {
  const store = { read: () => Promise.reject(new Error("access denied")) };
  const objects = [1, 2, 3].map((seq) => named("node-1", seq));
  expect(await objectChecks(store, objects, SIGNAL)).toEqual([
    expect.objectContaining({
      status: "fail",
      message: `${objects[0]!.key} cannot be read: access denied; nor can the 2 others of the newest`,
    }),
  ]);
});

test("a footer that is longer than the first fetch is fetched whole", async () => {
  const long = await manyRowGroups();
  const reads: number[] = [];
  const store = {
    read: (_: string, range?: { start: number; end: number }) => {
      reads.push(range!.end - range!.start);
      return Promise.resolve(long.subarray(range!.start, range!.end));
    },
  };
  expect(await objectChecks(store, [object(long)], SIGNAL)).toMatchObject([{ status: "ok" }]);
  expect(reads).toHaveLength(2);
  expect(reads[1]).toBeGreaterThan(65_536);
});

test("of many objects each node's newest is looked at first, then the newest of all", () => {
  const objects = [named("quiet", 1), ...Array.from({ length: 50 }, (_, i) => named("busy", i + 2))];
  const chosen = objectsToCheck(objects, 4).map(({ modifiedMs }) => modifiedMs);
  expect(chosen).toEqual(expect.arrayContaining([1, 51, 50, 49]));
});

function named(node: string, seq: number): StoredObject {
  const key = KEY.replace("node-1", node).replace("-1.parquet", `-${seq}.parquet`);
  return { ...object(whole), key, modifiedMs: seq };
}

function patched(change: (bytes: Buffer) => void): Buffer {
  const copy = Buffer.from(whole);
  change(copy);
  return copy;
}

async function manyRowGroups(): Promise<Buffer> {
  const directory = mkdtempSync(join(tmpdir(), "logq-doctor-"));
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const columns = ["ts", "ts_ns", "source", "node", "log", "file", "pos"].map((name) => `i AS ${name}`).join(", ");
  await connection.run(`COPY (SELECT ${columns} FROM range(500000) t(i))
    TO '${directory}/long.parquet' (FORMAT parquet, ROW_GROUP_SIZE 2048)`);
  connection.closeSync();
  instance.closeSync();
  const bytes = readFileSync(join(directory, "long.parquet"));
  rmSync(directory, { recursive: true });
  return bytes;
}

function storeOf(bytes: Buffer) {
  return {
    read: (_: string, range?: { readonly start: number; readonly end: number }) =>
      Promise.resolve(bytes.subarray(range?.start, range?.end)),
  };
}

function object(bytes: Buffer): StoredObject {
  const partition = { cluster: "prod", hour: 0, path: KEY.slice(0, KEY.lastIndexOf("/")) };
  return { key: KEY, bytes: bytes.length, modifiedMs: 0, partition };
}
