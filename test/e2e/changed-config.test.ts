import { once } from "node:events";
import { readFileSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { generateTree } from "../../bench/generate/tree.ts";
import { agentYaml, type AgentYaml } from "../helpers/agent-yaml.ts";
import { compareWithStore, EXACTLY_ONCE, expectFrom, type Comparison } from "../helpers/compare-store.ts";
import { makeNodeBed, type NodeBed } from "../helpers/node-bed.ts";
import { readWithDuckdb } from "../helpers/readers/duckdb.ts";
import { listChains } from "../helpers/source-chains.ts";

const KILLABLE = new URL("killable-agent.ts", import.meta.url).pathname;
const LINES = 8_000;
/** Journaled and nothing visible; the first of many objects visible. */
const WINDOWS = [
  ["journaled", "1"],
  ["publishing", "2"],
] as const;

/** A configuration before the crash and one after it, and the folders of the store that must then hold every record once. */
interface Change {
  readonly before: (store: string) => AgentYaml;
  readonly after: (store: string, bed: NodeBed) => AgentYaml;
  readonly complete: readonly string[];
}

const OUT = (store: string, more: Record<string, string> = {}): Record<string, string> => ({
  alias: "out",
  path: join(store, "a"),
  ...more,
});

const CHANGES: Readonly<Record<string, Change>> = {
  "path, with an alias": {
    before: (store) => ({ outputs: [OUT(store)] }),
    after: (store) => ({ outputs: [OUT(store, { path: join(store, "b") })] }),
    complete: ["."],
  },
  "path, without an alias: another output, which starts at the head": {
    before: (store) => ({ outputs: [{ path: join(store, "a") }] }),
    after: (store) => ({ outputs: [{ path: join(store, "b") }] }),
    complete: ["b"],
  },
  compression: {
    before: (store) => ({ outputs: [OUT(store, { compression: "none" })] }),
    after: (store) => ({ outputs: [OUT(store)] }),
    complete: ["a"],
  },
  alias: {
    before: (store) => ({ outputs: [OUT(store)] }),
    after: (store) => ({ outputs: [OUT(store, { alias: "other" })] }),
    complete: ["a"],
  },
  "alias, now there is one": {
    before: (store) => ({ outputs: [{ path: join(store, "a") }] }),
    after: (store) => ({ outputs: [OUT(store)] }),
    complete: ["a"],
  },
  "order of outputs": {
    before: (store) => ({ outputs: [{ path: join(store, "a") }, { path: join(store, "b") }] }),
    after: (store) => ({ outputs: [{ path: join(store, "b") }, { path: join(store, "a") }] }),
    complete: ["a", "b"],
  },
  "outputs, one more": {
    before: (store) => ({ outputs: [OUT(store)] }),
    after: (store) => ({ outputs: [{ path: join(store, "b") }, OUT(store)] }),
    complete: ["a", "b"],
  },
  "cluster and hostname": {
    before: (store) => ({ outputs: [OUT(store)] }),
    after: (store) => ({ service: { cluster: "moved", hostname: "node-b" }, outputs: [OUT(store)] }),
    complete: ["a"],
  },
  "input path, to another name of the same files": {
    before: (store) => ({ outputs: [OUT(store)] }),
    after: (store, bed) => ({ input: { path: join(bed.pods, "*/*/*.log") }, outputs: [OUT(store)] }),
    complete: ["a"],
  },
  "tag and match": {
    before: (store) => ({ outputs: [OUT(store, { match: "kube.*" })] }),
    after: (store) => ({ input: { tag: "k8s.*" }, outputs: [OUT(store, { match: "k8s.*" })] }),
    complete: ["a"],
  },
};

describe.each(WINDOWS)("killed at %s, then changed", (point, count) => {
  test.each(Object.entries(CHANGES))("%s: nothing is lost, nothing repeated", async (_, change) => {
    await using bed = await makeNodeBed();
    await crash(bed, change.before(bed.store), point, count);
    await shipWith(bed, change.after(bed.store, bed));
    for (const folder of change.complete) expect(await compare(bed, folder)).toMatchObject(EXACTLY_ONCE);
    expect(await compare(bed, ".")).toMatchObject({ different: 0, inconsistent: 0 });
  });

  test("format: the interrupted shipment keeps its own, and both together are complete", async () => {
    await using bed = await makeNodeBed();
    const after = { format: "json_lines", path: join(bed.store, "json") };
    await crash(bed, { outputs: [OUT(bed.store)] }, point, count);
    await shipWith(bed, { outputs: [OUT(bed.store, after)] });
    const [parquet, json] = [await bed.shipped(), await readJsonLines(join(bed.store, "json"))];
    expect(parquet.length).toBeGreaterThan(0);
    expect(parquet.length + json.length).toBe(LINES);
    expect(new Set([...parquet, ...json]).size).toBe(LINES);
  });

  test("outputs, one less: its interrupted shipment is finished, it holds no file, and when it comes back it goes on", async () => {
    await using bed = await makeNodeBed();
    const [kept, removed] = [{ path: join(bed.store, "b") }, OUT(bed.store)];
    await crash(bed, { outputs: [removed] }, point, count);
    await shipWith(bed, { outputs: [kept] });
    expect(await compare(bed, "b")).toMatchObject(EXACTLY_ONCE);
    const found = await compare(bed, "a");
    expect(found).toMatchObject({ duplicated: 0, different: 0, inconsistent: 0 });
    expect(found.rows).toBeGreaterThan(0);
    expect(found.rows).toBeLessThan(LINES);
    await shipWith(bed, { outputs: [kept, removed] });
    expect(await compare(bed, "a")).toMatchObject(EXACTLY_ONCE);
    expect(await compare(bed, "b")).toMatchObject(EXACTLY_ONCE);
  });

  test("input path, to nothing of it: the interrupted shipment is finished, the rest waits until it is named again", async () => {
    await using bed = await makeNodeBed();
    const outputs = [OUT(bed.store)];
    await crash(bed, { outputs }, point, count);
    await shipWith(bed, { input: { path: join(bed.root, "elsewhere/*.log") }, outputs });
    const found = await compare(bed, "a");
    expect(found).toMatchObject({ duplicated: 0, different: 0, inconsistent: 0 });
    expect(found.rows).toBeGreaterThan(0);
    expect(found.rows).toBeLessThan(LINES);
    await shipWith(bed, { outputs });
    expect(await compare(bed, "a")).toMatchObject(EXACTLY_ONCE);
  });
});

/** Writes logs of ten hours, so that a shipment is many objects, and runs an agent that is killed in its first shipment. */
async function crash(bed: NodeBed, yaml: AgentYaml, point: string, count: string): Promise<void> {
  const startMs = Date.now() - 11 * 3_600_000;
  const linesPerSecond = LINES / (10 * 3600);
  generateTree({
    root: bed.root,
    pods: 3,
    sizes: "even",
    amount: { lines: LINES },
    seed: 5,
    startMs,
    linesPerSecond,
    hard: false,
  });
  bed.makeQuiet();
  await writeFile(bed.configPath, agentYaml(bed, yaml));
  const agent = bed.start(KILLABLE, point, count);
  expect((await once(agent, "close"))[1]).toBe("SIGKILL");
}

async function shipWith(bed: NodeBed, yaml: AgentYaml): Promise<void> {
  await writeFile(bed.configPath, agentYaml(bed, yaml));
  await bed.shipOnce();
}

async function compare(bed: NodeBed, folder: string): Promise<Comparison> {
  return await compareWithStore(expectFrom(listChains(bed.pods)), join(bed.store, folder), readWithDuckdb);
}

async function readJsonLines(folder: string): Promise<string[]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".json.zst"));
  const texts = names.map((name) => zstdDecompressSync(readFileSync(join(folder, name))).toString());
  return texts.flatMap((text) =>
    text
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { log: string }).log),
  );
}
