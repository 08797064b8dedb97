import { describe, expect, test } from "vitest";
import { dictionariesOf, hasValueWithin } from "../../../../query/store/parquet/dictionary.ts";
import { footerBytes, readFooter } from "../../../../query/store/parquet/footer.ts";
import { isNeededColumn, neededGroups } from "../../../../query/store/parquet/select.ts";
import type { ColumnBound, Need } from "../../../../query/store/store.ts";
import { HOUR_NS } from "../../../agent/encode/rows.ts";
import { objectOf } from "../objects.ts";

const ALL: Need = { columns: null, range: { from: null, to: null }, bounds: [] };
/** Row groups of the pods api-1 (0 to 9 s), nginx-é (10 to 14 s) and shop-1 (0 to 6 s). */
const object = await objectOf([
  { pod: "api-1", rows: 10 },
  { pod: "nginx-é", rows: 5, atSeconds: 10 },
  { pod: "shop-1", rows: 7 },
]);
const footer = footerOf(object);

describe("row groups that are needed", () => {
  test.each<[string, Partial<Need>, number[]]>([
    ["all without a condition", {}, [0, 1, 2]],
    ["those that a pod may be in", { bounds: [bound("pod", "api-1", "api-1")] }, [0]],
    ["bounds are inclusive", { bounds: [bound("pod", "nginx-é", "shop-1")] }, [1, 2]],
    ["compared by bytes of UTF-8", { bounds: [bound("pod", "nginx-z", "nginx-\u{10ffff}")] }, [1]],
    ["open to one side", { bounds: [bound("pod", "n", null)] }, [1, 2]],
    ["none", { bounds: [bound("pod", "x", "x")] }, []],
    ["a column of NULLs meets no bound", { bounds: [bound("cut", null, "z")] }, []],
    ["a column that is not stored says nothing", { bounds: [bound("dt", "x", "x")] }, [0, 1, 2]],
    ["a map says nothing", { bounds: [bound("labels", "x", "x")] }, [0, 1, 2]],
    ["several are AND-ed", { bounds: [bound("pod", "n", null), bound("pod", null, "o")] }, [1]],
    ["numbers", { bounds: [bound("pos", 700n, null)] }, [0]],
    ["a number of another kind says nothing", { bounds: [bound("pos", "x", "x"), bound("ts", 1n, 1n)] }, [0, 1, 2]],
    ["from a time on", { range: { from: second(10), to: null } }, [1]],
    ["before a time, which is exclusive", { range: { from: null, to: second(10) } }, [0, 2]],
    ["to the nanosecond", { range: { from: second(9), to: second(9) + 1n } }, [0]],
  ])("%s", (_, need, expected) => {
    const found = neededGroups(footer, { ...ALL, ...need });
    expect(found.map((group) => footer.groups.indexOf(group))).toEqual(expected);
  });
});

test("columns that are needed: those of the statement, and the time where the range ends anywhere", () => {
  expect(names({})).toHaveLength(18);
  expect(names({ columns: new Set(["pod", "labels"]) })).toEqual([
    "pod",
    "labels.key_value.key",
    "labels.key_value.value",
  ]);
  expect(names({ columns: new Set(["pod"]), range: { from: 1n, to: null } })).toEqual(["ts_ns", "pod"]);
});

describe("a dictionary tells what statistics cannot", async () => {
  const mixed = await objectOf(
    [
      { pod: "api-1", rows: 3 },
      { pod: "shop-1", rows: 3 },
      { pod: "zoo-1", rows: 3 },
    ],
    { oneGroup: true },
  );
  const whole = footerOf(mixed);
  const isThere = (min: string | null, max: string | null): boolean[] => {
    const found = dictionariesOf(whole, whole.groups[0]!, [{ column: "pod", min, max }]);
    return found.map((at) => hasValueWithin(mixed.subarray(at.start, at.end), at));
  };

  test("whether a pod between the first and the last is there", () => {
    expect(isThere("nginx-1", "nginx-1")).toEqual([false]);
    expect(isThere("shop-1", "shop-1")).toEqual([true]);
    expect(isThere("shop-", "shop-z")).toEqual([true]);
  });

  test("and is not asked where the first or the last value is within the bounds", () => {
    expect(isThere("a", "b")).toEqual([]);
    expect(isThere("zoo-1", null)).toEqual([]);
  });

  test("nor of columns without one, of numbers, of maps", () => {
    const bounds = ["log", "labels", "cluster"].map((column) => ({ column, min: "zz", max: "zz" }));
    expect(dictionariesOf(whole, whole.groups[0]!, [...bounds, { column: "pos", min: 1n, max: 2n }])).toEqual([]);
  });

  test("and says nothing where it cannot be read", () => {
    const [at] = dictionariesOf(whole, whole.groups[0]!, [{ column: "pod", min: "n", max: "n" }]);
    const page = mixed.subarray(at!.start, at!.end);
    for (let cut = 0; cut < page.length; cut++) expect(hasValueWithin(page.subarray(0, cut), at!)).toBe(true);
    expect(hasValueWithin(Buffer.alloc(40, 0xff), at!)).toBe(true);
  });
});

function second(seconds: number): bigint {
  return HOUR_NS + BigInt(seconds) * 1_000_000_000n;
}

function bound(column: string, min: ColumnBound["min"], max: ColumnBound["max"]): ColumnBound {
  return { column, min, max };
}

function names(need: Partial<Need>): string[] {
  const isNeeded = isNeededColumn({ ...ALL, ...need });
  return footer.groups[0]!.chunks.filter(isNeeded).map(({ path }) => path.join("."));
}

function footerOf(file: Buffer): ReturnType<typeof readFooter> {
  const length = footerBytes(file.subarray(-8));
  return readFooter(file.subarray(-8 - length, -8));
}
