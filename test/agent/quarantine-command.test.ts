import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { QUARANTINE_USAGE, runQuarantine } from "../../agent/quarantine-command.ts";
import { listQuarantine } from "../../agent/state/quarantine.ts";
import { openQuarantine } from "../../agent/state/quarantine-stage.ts";
import { BASE } from "../config/fixture.ts";
import { originOfFile, tempFolder } from "./fixture.ts";

const TIME = /\d{4}-\d\d-\d\dT[\d:.]+Z/;

/** A state folder in whose quarantine two shipments of `out` have left 1 and 2 records. */
async function openQuarantineBed() {
  const temp = tempFolder();
  const config = join(temp.path, "agent.yaml");
  const directory = join(temp.path, "state/quarantine");
  writeFileSync(config, BASE.replace("cluster: prod", `cluster: prod\n  storage.path: ${temp.path}/state`));
  const quarantine = openQuarantine(directory, "out", 1 << 20);
  const codes = { stream: 1, level: 0, cut: 0, seconds: 1, nanos: 2, rawBytes: 50 };
  for (const seq of [1, 2]) {
    const writer = quarantine.begin(seq);
    for (let pos = 0; pos < seq; pos++)
      await writer.add({ reason: `too\nlarge ${seq}`, origin: originOfFile("a"), pos, log: "x", ...codes });
    await writer.seal();
    await quarantine.commit(seq);
  }
  const states = async () => (await listQuarantine(directory)).map(({ state }) => state);
  return { config, directory, states, [Symbol.dispose]: () => temp[Symbol.dispose]() };
}

async function run(args: readonly string[], isTerminal = false) {
  const said = { out: "", err: "" };
  const surroundings = {
    env: {},
    isTerminal,
    out: (text: string) => void (said.out += text),
    err: (text: string) => void (said.err += text),
  };
  return { code: await runQuarantine(args, surroundings), ...said };
}

test("list says of each shipment how many records it left out, and why, in columns for programs", async () => {
  using bed = await openQuarantineBed();
  const { code, out } = await run(["list", "-c", bed.config]);
  expect(code).toBe(0);
  expect(out.split("\n").map((line) => line.replace(TIME, "T").replace(/\t\d{3,}\t/, "\tBYTES\t"))).toEqual([
    "out-1\twaiting\t1\tBYTES\tT\ttoo large 1",
    "out-2\twaiting\t2\tBYTES\tT\ttoo large 2",
    "",
  ]);
});

test("list makes a table for people", async () => {
  using bed = await openQuarantineBed();
  const [head, first] = (await run(["list", "-c", bed.config], true)).out.split("\n");
  expect(head).toMatch(/^NAME {3}STATE {4}RECORDS {2}BYTES {2}TIME +REASON$/);
  expect(first).toMatch(/^out-1 {2}waiting {2}1 {8}\d+ +2\S+Z {2}too large 1$/);
});

test("list --json gives a line of JSON each", async () => {
  using bed = await openQuarantineBed();
  const lines = (await run(["list", "--json", "-c", bed.config])).out.trimEnd().split("\n");
  expect(JSON.parse(lines[1]!)).toMatchObject({
    name: "out-2",
    output: "out",
    seq: 2,
    records: 2,
    reason: "too\nlarge 2",
  });
});

test("replay asks for the named one, then for all others", async () => {
  using bed = await openQuarantineBed();
  const { code, out } = await run(["replay", "out-2", "-c", bed.config]);
  expect({ code, out }).toEqual({ code: 0, out: "out-2: shipped again with the next shipment of its output\n" });
  expect((await bed.states()).toSorted()).toEqual(["replay", "waiting"]);
  expect((await run(["replay", "--all", "-c", bed.config])).code).toBe(0);
  expect(await bed.states()).toEqual(["replay", "replay"]);
});

test("replay of a name that does not wait asks for nothing and exits 1", async () => {
  using bed = await openQuarantineBed();
  const { code, err } = await run(["replay", "out-1", "out-9", "-c", bed.config]);
  expect(code).toBe(1);
  expect(err).toBe(
    `logq-agent: cannot replay out-9: nothing of that name waits in ${bed.directory}; see quarantine list\n`,
  );
  expect(await bed.states()).toEqual(["waiting", "waiting"]);
});

test("--help prints the usage", async () => {
  expect(await run(["--help"])).toEqual({ code: 0, out: QUARANTINE_USAGE, err: "" });
});

test.each([
  ["no action", [], "quarantine: say list or replay"],
  ["an unknown action", ["drop"], "quarantine drop: say list or replay"],
  ["no configuration", ["list"], "no configuration; name one with -c CONFIG"],
  ["list with a name", ["list", "x", "-c", "y"], "quarantine list takes no name"],
  ["replay without a name", ["replay", "-c", "y"], "quarantine replay: say which by NAME, or --all"],
  ["replay of some and all", ["replay", "x", "--all", "-c", "y"], "quarantine replay: say which by NAME, or --all"],
  ["an unknown option", ["list", "--jsn"], "Unknown option '--jsn'"],
])("%s is wrong usage", async (_, args, message) => {
  expect(await run(args)).toEqual({
    code: 2,
    out: "",
    err: `logq-agent: ${message}\nTry 'logq-agent quarantine --help'.\n`,
  });
});

test("a broken configuration exits 2 and says what is wrong with it", async () => {
  using bed = await openQuarantineBed();
  writeFileSync(bed.config, BASE.replace("cluster: prod", "clustr: prod"));
  const { code, err } = await run(["list", "-c", bed.config]);
  expect(code).toBe(2);
  expect(err).toContain('service.clustr: unknown option of service; did you mean "cluster"?');
});
