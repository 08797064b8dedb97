import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import { play, scripts, type Script } from "./script.ts";

vi.mock("node:fs/promises", async (original) => (await import("./faulty-fs.ts")).faultyPromises(await original()));
vi.mock("node:fs", async (original) => (await import("./faulty-fs.ts")).faultySync(await original()));

/** For a longer search: `MODEL_RUNS=5000 MODEL_SEED=7 MODEL_WITHOUT=gzip,EIO npx vitest run test/model`. */
const { MODEL_RUNS = "120", MODEL_SEED = "1", MODEL_WITHOUT = "" } = process.env;

test("whatever happens to logs, agent, disk and clock, every record arrives once", { timeout: 0 }, async () => {
  const property = fc.asyncProperty(scripts(40, MODEL_WITHOUT.split(",")), async (script) => {
    expect(await play(script)).toEqual([]);
  });
  await fc.assert(property, { numRuns: Number(MODEL_RUNS), seed: Number(MODEL_SEED) });
});

test("a file whose mount can't be looked up when it is taken up is not left open", async () => {
  const script: Script = {
    links: false,
    actions: [
      { do: "startAgain" },
      { do: "fault", code: "EIO", calls: 6 },
      { do: "tear", pod: 0, stream: 0 },
      { do: "discover" },
    ],
  };
  expect(await play(script)).toEqual([]);
});

test(
  "a reload whose files can't be looked up, and that is tried again, leaves no descriptor behind",
  { timeout: 0 },
  async () => {
    for (let calls = 6; calls <= 36; calls++) expect([calls, await play(reload(calls))]).toEqual([calls, []]);
  },
);

/** Files are held, and the reload's file system fails at one of its calls. */
function reload(calls: number): Script {
  return {
    links: false,
    actions: [
      { do: "write", pod: 0, stream: 0, lines: 1 },
      { do: "create", lines: 0 },
      { do: "startAgain" },
      { do: "discover" },
      { do: "fault", code: "EIO", calls },
      { do: "reload" },
    ],
  };
}
