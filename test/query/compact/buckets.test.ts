import { expect, test } from "vitest";
import { bucketsOf, bySeconds } from "../../../query/compact/buckets.ts";

const pod = (rank: number) => ({ rank, workload: "w", pod: `p${rank}` });

test("pods that fit together are sorted together, from the files that have them", () => {
  const shares = [
    { pod: pod(1), file: "a", rows: 1, logBytes: 100 },
    { pod: pod(1), file: "b", rows: 1, logBytes: 100 },
    { pod: pod(2), file: "a", rows: 1, logBytes: 100 },
    { pod: pod(3), file: "c", rows: 1, logBytes: 5000 },
    { pod: pod(4), file: "c", rows: 1, logBytes: 1 },
  ];
  const found = bucketsOf(shares, 1000).map(({ bucket: { first, last, files } }) => [first.rank, last.rank, files]);
  expect(found).toEqual([
    [1, 2, ["a", "b"]],
    [3, 3, ["c"]],
    [4, 4, ["c"]],
  ]);
});

test("a pod with more than a bucket is cut between seconds, and no second is in two buckets", () => {
  const bucket = { first: pod(1), last: pod(1), seconds: null, files: ["a", "b"] };
  const shares = [1, 1, 2, 3].map((second, i) => ({ second, file: i === 1 ? "b" : "a", rows: 1, logBytes: 600 }));
  expect(bySeconds(bucket, shares, 1000).map(({ seconds, files }) => [seconds, files])).toEqual([
    [{ from: 1, to: 2 }, ["a", "b"]],
    [{ from: 2, to: 4 }, ["a"]],
  ]);
});
