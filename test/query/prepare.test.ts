import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { partitionOfHour } from "../../config/table.ts";
import { parseOptions } from "../../query/options.ts";
import { prepare } from "../../query/prepare.ts";

const HOURS = 48;
const OBJECTS_AN_HOUR = 20;
const LAST_HOUR = Date.parse("2026-11-20T23:00:00Z") / 3_600_000;

let store: string;

beforeAll(() => {
  store = mkdtempSync(join(tmpdir(), "logq-prepare-"));
  for (let hour = LAST_HOUR - HOURS + 1; hour <= LAST_HOUR; hour++) {
    const folder = join(store, partitionPath(hour));
    mkdirSync(folder, { recursive: true });
    for (let i = 0; i < OBJECTS_AN_HOUR; i++) writeFileSync(join(folder, `node-${i}.parquet`), "");
  }
});

afterAll(() => rmSync(store, { recursive: true }));

test.each(["00:00", "30:00", "59:59"])(
  "of 48 hours with 20 objects each, --since 1h at 23:%s lets the engine open two hours' objects at most",
  async (minutes) => {
    const { query, scan } = await preparedAt(`2026-11-20T23:${minutes}Z`, "--since", "1h");
    expect(new Set(query.files)).toHaveLength(query.files.length);
    expect(query.files.length).toBeLessThanOrEqual(2 * OBJECTS_AN_HOUR);
    const allowed = [partitionPath(LAST_HOUR - 1), partitionPath(LAST_HOUR)];
    for (const file of query.files) expect(allowed.some((path) => file.startsWith(join(store, path)))).toBe(true);
    expect(scan?.totalPartitions).toBe(HOURS);
  },
);

test("without a window every object of a local store is read", async () => {
  const { query } = await preparedAt("2026-11-20T23:30:00Z");
  expect(query.files).toHaveLength(HOURS * OBJECTS_AN_HOUR);
});

function partitionPath(hour: number): string {
  const { dt, hour: name } = partitionOfHour(hour);
  return `cluster=prod/dt=${dt}/hour=${name}`;
}

function preparedAt(time: string, ...flags: string[]) {
  const now = BigInt(Date.parse(time)) * 1_000_000n;
  return prepare(parseOptions([...flags, "--store", store]), "select * where pod='nginx'", { env: {}, cwd: "/", now });
}
