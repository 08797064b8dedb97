import { expect, test } from "vitest";
import type { Result, ResultColumn, Value } from "../../query/engine/engine.ts";
import { show, type ShowOptions } from "../../query/show.ts";

const columns: ResultColumn[] = [
  { name: "ts", type: "timestamp" },
  { name: "n", type: "bigint" },
];
const never = new AbortController().signal;

test("rows that come newest first are shown oldest first, the newest ones if there are more than asked for", async () => {
  const { text, shown } = await run(
    [
      [5n, 4n],
      [3n, 2n],
    ],
    { rowsMax: 3, reversed: true },
  );
  expect(text).toBe("ts,n\n2026-11-21T05:00:00Z,3\n2026-11-21T05:00:00Z,4\n2026-11-21T05:00:00Z,5\n");
  expect(shown).toEqual({ rows: 3, truncated: true });
});

test("exactly as many rows as asked for are not truncated", async () => {
  expect((await run([[1n, 2n], [3n]], { rowsMax: 3 })).shown).toEqual({ rows: 3, truncated: false });
});

test("reading stops at the first row too many", async () => {
  const source = rows([[1n, 2n], [3n], [4n]]);
  const { shown } = await run(source, { rowsMax: 2 });
  expect(shown).toEqual({ rows: 2, truncated: true });
  expect(source.read).toBe(2);
  expect(source.returned).toBe(true);
});

test("without a maximum batches are written as they come", async () => {
  const source = rows([[1n], [2n]]);
  const readAtWrite: number[] = [];
  await run(source, { rowsMax: null, write: async (chunk) => void (chunk !== "" && readAtWrite.push(source.read)) });
  expect(readAtWrite).toEqual([1, 2]);
});

test("timestamps are shown in the zone", async () => {
  const { text } = await run([[1n]], { zone: "Asia/Shanghai" });
  expect(text).toContain("2026-11-21T13:00:00+08:00,1");
});

test("--fields picks columns in its order, whatever their case", async () => {
  expect((await run([[1n]], { fields: ["N", "ts"] })).text).toBe("n,ts\n1,2026-11-21T05:00:00Z\n");
});

test("--fields with a name that the result lacks says what it has", async () => {
  const hint = "did you mean ts? It has ts, n; to compute one write it in the query: select tss";
  const message = "--fields tss: the result has no such column";
  await expect(run([], { fields: ["tss"] })).rejects.toThrow(expect.objectContaining({ message, hint }));
});

test("an interrupted query writes nothing more", async () => {
  const { text } = await run([[1n]], {}, AbortSignal.abort());
  expect(text).toBe("");
});

interface Source extends AsyncIterable<Value[][]> {
  read: number;
  returned: boolean;
}

function rows(batches: bigint[][]): Source {
  const source: Source = {
    read: 0,
    returned: false,
    async *[Symbol.asyncIterator]() {
      try {
        for (const batch of batches) {
          source.read++;
          yield batch.map((n): Value[] => ["2026-11-21T05:00:00Z", n]);
        }
      } finally {
        source.returned = true;
      }
    },
  };
  return source;
}

async function run(given: bigint[][] | Source, options: Partial<ShowOptions>, signal = never) {
  const result: Result = { columns, batches: Array.isArray(given) ? rows(given) : given };
  let text = "";
  const all: ShowOptions = {
    format: "csv",
    style: { terminal: false, color: false },
    zone: "UTC",
    rowsMax: null,
    reversed: false,
    fields: null,
    write: async (chunk) => void (text += chunk),
    ...options,
  };
  return { shown: await show(result, all, signal), text };
}
