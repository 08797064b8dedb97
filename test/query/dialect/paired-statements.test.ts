import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { analyze } from "../../../query/dialect/analyze.ts";
import { lowerForDuckDb, lowerForTrino } from "../../../query/dialect/lower.ts";
import { STORE_NOW_NS, makeStore } from "../../helpers/store.ts";
import { ask, openBare, type Bare } from "./bare-duckdb.ts";
import { lostTokens } from "./lost-tokens.ts";
import { PARAMS, pairedStatement, type Pair } from "./paired-statements.ts";
import { trinoSyntaxErrors } from "./trino-grammar.ts";

let directory: string;
let files: string[];
let bare: Bare;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "logq-paired-"));
  ({ files } = await makeStore(directory));
  bare = await openBare(directory);
}, 60_000);

afterAll(async () => {
  bare.close();
  await rm(directory, { recursive: true });
});

/** Choices in their order; where they end the simplest one is taken. */
const statements = fc.array(fc.nat(65_535), { minLength: 10, maxLength: 220, size: "max" }).map((choices) => {
  let at = 0;
  return pairedStatement((count) => (choices[at++] ?? 0) % count);
});

/** Smaller choices are other statements: shrinking would take longer than reading the one that was found. */
const OPTIONS = { endOnFailure: true };

test("joins, windows, set operations and scopes answer as the same spelt out on a bare DuckDB", async () => {
  let withRows = 0;
  await fc.assert(
    fc.asyncProperty(statements, async (pair) => {
      const expected = await bare.ask(pair.spelt);
      const asked = await ask(pair.say, files, { params: PARAMS });
      expect({ names: asked.names, rows: asked.rows.toSorted() }, described(pair)).toEqual({
        names: expected.names,
        rows: expected.rows.toSorted(),
      });
      if (asked.rows.length > 0) withRows++;
    }),
    { ...OPTIONS, numRuns: 80 },
  );
  expect(withRows).toBeGreaterThan(40);
}, 240_000);

test("they are statements to a grammar of Trino, and every token of theirs is found again in what either engine gets", () => {
  fc.assert(
    fc.property(statements, (pair) => {
      const found = analyze(pair.say, { now: STORE_NOW_NS, params: PARAMS });
      const shared = { range: { from: 0n, to: STORE_NOW_NS }, where: "pod = 'x'", limit: 11 };
      const duckDb = lowerForDuckDb(found, { ...shared, files: ["/x.parquet"] });
      const table = { catalog: "c", database: "d", table: "t" };
      const trino = lowerForTrino(found, { ...shared, table, clusters: ["a", "b"] });
      expect(lostTokens(found, duckDb), described(pair)).toEqual([]);
      expect(lostTokens(found, trino), described(pair)).toEqual([]);
      expect(trinoSyntaxErrors(trino.sql), described(pair)).toEqual([]);
    }),
    { ...OPTIONS, numRuns: 60 },
  );
}, 240_000);

function described({ say, spelt }: Pair): string {
  return `${say}\n---- spelt out ----\n${spelt}`;
}
