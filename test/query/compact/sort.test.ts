import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createRandom } from "../../../bench/generate/random.ts";
import { createOrigins } from "../../../query/compact/origins.ts";
import { createRowSorter } from "../../../query/compact/sort.ts";
import { batchOf, originOf } from "../../agent/encode/rows.ts";

const ORIGINS = [
  { workload: null, pod: null, namespace: null, file: "n1/host" },
  { workload: "api", pod: "web-0", file: "n1/f2" },
  { workload: "web", pod: "web-0", namespace: "a", file: "n1/f9" },
  { workload: "web", pod: "web-0", namespace: "b", file: "n1/f1" },
  // As bytes it comes after the one below, in UTF-16 before it.
  { workload: "web\u{1F600}", pod: "x", file: "n1/f3" },
  { workload: "web\u{FF5E}", pod: "x", file: "n1/f4" },
  { workload: "web", pod: "web-1", namespace: "a", file: "n2/f1" },
  { workload: "web", pod: "web-1", namespace: "a", file: "n1/f5" },
].map((changes) => originOf(changes));
const ORDER = [0, 1, 2, 3, 7, 6, 5, 4];

/** Two files of one pod share their order of time. */
function podOf(place: number): number {
  return place === 5 ? 4 : place;
}

/** `origin seconds pos message`, in the order in which the sorter hands them out. */
function sortedBy(memory: { textBytes: number; rows: number }, batches: number, seed: number) {
  const random = createRandom(seed);
  const folder = mkdtempSync(join(tmpdir(), "logq-sort-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const origins = createOrigins();
  const sorter = createRowSorter(join(folder, "rows"), origins, memory);
  const given: { place: number; ns: bigint; pos: number; log: string }[] = [];
  for (let i = 0; i < batches; i++) {
    const at = random.int(ORIGINS.length);
    const rows = Array.from({ length: 1 + random.int(30) }, (_, row) => {
      const ns = 1_795_237_200_000_000_000n + BigInt(random.int(40)) * 100_000_000n;
      return { log: `${i}-${row} ${"x".repeat(random.int(200))}`, ns, pos: i * 1000 + row };
    });
    given.push(...rows.map((row) => ({ place: ORDER.indexOf(at), ...row })));
    const { count, ...batch } = batchOf(ORIGINS[at]!, rows);
    sorter.add(batch, origins.idOf(ORIGINS[at]!), 0, count);
  }
  const found: string[] = [];
  for (const { count, bytes, start, end, origin } of sorter.sorted()) {
    for (let row = 0; row < count; row++) {
      const name = origins.list[origin[row]!]!.file;
      found.push(`${name} ${bytes.toString("utf8", start[row], end[row])}`);
    }
  }
  sorter.close();
  expect(existsSync(join(folder, "rows"))).toBe(false);
  const expected = given.toSorted(
    (a, b) => podOf(a.place) - podOf(b.place) || Number(a.ns - b.ns) || a.place - b.place || a.pos - b.pos,
  );
  return { found, expected: expected.map(({ place, log }) => `${ORIGINS[ORDER[place]!]!.file} ${log}`) };
}

for (const [name, memory] of Object.entries({
  "all fit into memory": { textBytes: 1 << 20, rows: 5000 },
  "some rows fit": { textBytes: 5000, rows: 100 },
  "a message takes more than there is": { textBytes: 100, rows: 1000 },
})) {
  test(`rows come by workload, pod, namespace, time, file and position: ${name}`, () => {
    for (let seed = 1; seed <= 5; seed++) {
      const { found, expected } = sortedBy(memory, 60, seed);
      expect(found).toEqual(expected);
    }
  });
}

test("no rows at all", () => {
  expect(sortedBy({ textBytes: 100, rows: 10 }, 0, 1).found).toEqual([]);
});
