import { join } from "node:path";
import { expect, test } from "vitest";
import { objectKey, parseObjectName } from "../../config/table.ts";

const NAME = { cluster: "prod", life: "00112233445566778899", hour: 0, extension: "parquet" } as const;

test.each([
  { node: "node-7", output: "s3", seq: 41, first: true },
  { node: "ip-10-0-1-2.eu-west-1.compute.internal", output: "a-b-1", seq: 1, first: false },
  { node: "knoten/ü", output: "00112233445566778899", seq: 1_763_741_400_000, first: true },
])("the name of an object is read back: %j", (part) => {
  const key = objectKey({ ...NAME, ...part });
  const { node, output, seq } = part;
  expect(parseObjectName(key.slice(key.lastIndexOf("/") + 1))).toEqual({ node, life: NAME.life, output, seq });
});

test.each(["part-0.parquet", "node-1-out-1.parquet", "x"])("%s is no name of ours", (name) => {
  expect(parseObjectName(name)).toBe(null);
});

const HOSTILE = [
  "..",
  ".",
  "../../etc/cron.d/x",
  "a/../../b",
  "/etc/passwd",
  "a\0b",
  "a\nb",
  "cluster=x/dt=y",
  "\u{1f600}",
  "\ud800",
  "%2e%2e%2f",
  "a\\..\\b",
  "$(reboot)",
  "'; drop",
  " ",
];

test.each(HOSTILE)("%j as the name of cluster, node or output stays in its place of the key", (name) => {
  for (const part of ["cluster", "node", "output"]) {
    const key = objectKey({ ...NAME, node: "n", output: "o", seq: 1, first: true, [part]: name });
    expect(key).toMatch(
      /^cluster=[\w.%-]+\/dt=1970-01-01\/hour=00\/[\w.%-]+-00112233445566778899-[\w.%-]+-1\.parquet$/,
    );
    expect(join("/store", key).startsWith("/store/cluster=")).toBe(true);
  }
  const { node } = parseObjectName(
    objectKey({ ...NAME, node: name, output: "o", seq: 1, first: true })
      .split("/")
      .at(-1)!,
  )!;
  expect(node).toBe(name.toWellFormed());
});
