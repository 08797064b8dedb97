import { expect, test } from "vitest";
import { drawFlames, ownTimes } from "../../bench/flame/draw.ts";
import { flamesOf, withoutCarriers, type CpuProfile } from "../../bench/flame/tree.ts";

const ROOT = "/logq/";

/** `path` from the root on, as `function@folder/file`; samples of so many microseconds. */
function profileOf(paths: readonly (readonly [path: readonly string[], microseconds: number])[]): CpuProfile {
  const nodes = [{ id: 1, callFrame: { functionName: "(root)", url: "" }, children: [] as number[] }];
  const samples: number[] = [];
  for (const [path] of paths) {
    let at = nodes[0]!;
    for (const step of path) {
      const [functionName, file] = step.split("@") as [string, string | undefined];
      const node = { id: nodes.length + 1, callFrame: { functionName, url: file ? `file:///logq/${file}` : "" } };
      nodes.push({ ...node, children: [] });
      at.children.push(node.id);
      at = nodes.at(-1)!;
    }
    samples.push(at.id);
  }
  return { nodes, samples, timeDeltas: paths.map(([, microseconds]) => microseconds) };
}

test("what was called from the same place is one flame, the longest first, and idle time is none", () => {
  const profile = profileOf([
    [["drain@agent/main.ts", "parse@agent/parser/cri.ts"], 10],
    [["drain@agent/main.ts", "write@parquet/page.ts"], 30],
    [["drain@agent/main.ts", "parse@agent/parser/cri.ts"], 5],
    [["drain@agent/main.ts"], 1],
    [["(idle)"], 1000],
    [["ModuleJob", "link"], 1000],
  ]);
  const all = flamesOf(profile, ROOT);
  expect(all.microseconds).toBe(46);
  expect(all.children).toHaveLength(1);
  expect(all.children[0]).toMatchObject({ name: "drain", area: "agent", microseconds: 46 });
  expect(all.children[0]!.children.map(({ name, area, microseconds }) => [name, area, microseconds])).toEqual([
    ["write", "parquet", 30],
    ["parse", "agent/parser", 15],
  ]);
});

test("time is counted for the area that spent it, garbage collection and Node as areas of their own", () => {
  const profile = profileOf([
    [["parse@agent/parser/cri.ts", "indexOf"], 7],
    [["parse@agent/parser/cri.ts"], 2],
    [["(garbage collector)"], 3],
  ]);
  expect(ownTimes(flamesOf(profile, ROOT))).toEqual([
    ["node", 7],
    ["garbage collection", 3],
    ["agent/parser", 2],
  ]);
});

test("a function of Node's that only calls the program is not shown", () => {
  const profile = profileOf([
    [["processTicks", "parse@agent/parser/cri.ts"], 9],
    [["parse@agent/parser/cri.ts", "indexOf"], 7],
  ]);
  const flames = withoutCarriers(flamesOf(profile, ROOT));
  expect(flames.children.map(({ name, microseconds }) => [name, microseconds])).toEqual([
    ["parse", 9],
    ["parse", 7],
  ]);
});

test("names stand in the picture as text, whatever is in them", () => {
  const flames = flamesOf(profileOf([[["<script>@agent/main.ts"], 9]]), ROOT);
  const picture = drawFlames(flames, "a & b");
  expect(picture).toContain("&#60;script&#62;");
  expect(picture).toContain("a &#38; b");
  expect(picture).not.toContain("<script>");
});
