import { expect, test } from "vitest";
import { CliError, EXIT } from "../../query/cli-error.ts";
import { receiptOf } from "../../query/engine/athena/cost.ts";
import { chooseEngine, failureOfChosen, onlyEngine } from "../../query/choose-engine.ts";
import { refuseLargeScan, scanLimit } from "../../query/scan-limit.ts";
import { parseOptions } from "../../query/options.ts";
import type { Scan } from "../../query/plan-scan.ts";
import { athenaUsd, REQUEST_PRICES } from "../../query/price.ts";
import { openDirectory } from "../../query/store/directory.ts";
import { readContext } from "../../query/context.ts";

const PRICES = { pricePerTb: 5, requestPrices: REQUEST_PRICES };
const ENV = { XDG_CONFIG_HOME: "/dev/null" };

test.each([
  [["--store", "/logs"], false, "local"],
  [["--store", "/logs"], true, "local"],
  [["--store", "s3://b/p"], false, "local"],
  [["--store", "s3://b/p"], true, null],
  [["--store", "s3://b/p", "-e", "athena"], false, "athena"],
  [["--store", "s3://b/p", "-e", "local"], true, "local"],
  [[], true, "athena"],
  [[], false, "local"],
] as const)("%o, Athena configured: %s, can only be asked by %s", async (argv, hasAthena, engine) => {
  const context = await readContext(parseOptions(argv), ENV, "/");
  expect(onlyEngine({ ...context, hasAthena })).toBe(engine);
});

test("little is fetched, much is left to Athena, and both prices are said", () => {
  const little = chooseEngine({ bytes: 12_300_000, objects: 40, requests: 120, sampled: 40 }, PRICES);
  expect(little.engine).toBe("local");
  expect(little.why).toMatch(
    /^-e local, for there is little to fetch: about 12\.3 MB of 40 objects; DuckDB over S3 ≈ \$0\.0000\d+, Athena ≈ \$0\.0000\d+$/,
  );
  expect(chooseEngine({ bytes: 9e9, objects: 40, requests: 120, sampled: 40 }, PRICES)).toMatchObject({
    engine: "athena",
    why: expect.stringContaining("much to fetch: about 9.0 GB of 40 objects"),
  });
  expect(chooseEngine({ bytes: 1000, objects: 20_000, requests: 60_000, sampled: 256 }, PRICES).engine).toBe("athena");
});

test("Athena may scan 10 GB if nobody says more, DuckDB anything", () => {
  expect(scanLimit(parseOptions([]), "athena")).toBe(10_000_000_000);
  expect(scanLimit(parseOptions([]), "local")).toBeNull();
  expect(scanLimit(parseOptions(["--max-scan", "off"]), "athena")).toBeNull();
  expect(scanLimit(parseOptions(["--max-scan", "1.5GB"]), "local")).toBe(1_500_000_000);
});

test("a scan within the limit reads no footer, and where nothing was listed the engine has to stop itself", async () => {
  const { signal } = new AbortController();
  await expect(refuseLargeScan(scan(100), 100, signal)).resolves.toBeUndefined();
  await expect(refuseLargeScan({ ...scan(1e12), store: null, objects: [] }, 100, signal)).resolves.toBeUndefined();
  await expect(refuseLargeScan(null, 100, signal)).resolves.toBeUndefined();
  await expect(refuseLargeScan(scan(1e12), null, signal)).resolves.toBeUndefined();
});

test("what fails on a chosen engine names the other one; a named engine's failure, and a refusal, stay as they are", () => {
  const chosen = chooseEngine({ bytes: 9e9, objects: 40, requests: 120, sampled: 40 }, PRICES);
  const denied = new CliError("access denied", "ask for the permission", EXIT.backend);
  expect(failureOfChosen(denied, chosen)).toMatchObject({
    message: "access denied",
    exitCode: EXIT.backend,
    hint: expect.stringMatching(/^ask for the permission\nor ask DuckDB over S3, by -e local; logq chose athena, for /),
  });
  expect(failureOfChosen(denied, { engine: "athena", why: null })).toBe(denied);
  expect(failureOfChosen(denied, { ...chosen, engine: "local" })).toBe(denied);
  const refused = new CliError("stopped", null, EXIT.guard);
  expect(failureOfChosen(refused, chosen)).toBe(refused);
});

test("Athena's price counts the same terabyte before a query as after it", () => {
  expect(athenaUsd(9e9, 5)).toBe(
    receiptOf({ Status: { State: "SUCCEEDED" }, Statistics: { DataScannedInBytes: 9e9 } }, 5).usd,
  );
});

function scan(bytes: number): Scan {
  const partition = { cluster: "prod", hour: 1, path: "p" };
  const range = { from: null, to: null };
  return {
    window: { range, source: "flags" },
    need: { columns: null, range, bounds: [] },
    clusters: null,
    store: openDirectory("/nonexistent"),
    partitions: [partition],
    objects: [{ key: "p/a.parquet", bytes, modifiedMs: 0, partition }],
  };
}
