import { expect, test } from "vitest";
import { ddl, DDL_DEFAULTS } from "../../../query/catalog/ddl.ts";
import { runLogq } from "../run-logq.ts";

test("ddl prints Athena's statement, or that of the engine asked for", async () => {
  const location = "s3://my-logs/eks";
  expect(await runLogq(["ddl", "--location", location])).toMatchObject({
    code: 0,
    stdout: ddl("athena", { ...DDL_DEFAULTS, location }),
  });
  const trino = [
    "ddl",
    "-e",
    "trino",
    "--location",
    "file:///logs",
    "--catalog",
    "hive",
    "--database",
    "d",
    "--days",
    "9",
  ];
  expect((await runLogq(trino)).stdout).toBe(
    ddl("trino", { location: "file:///logs", catalog: "hive", database: "d", table: "logs", days: 9 }),
  );
  expect((await runLogq(["ddl", "--engine", "duckdb", "--store", "/logs"])).stdout).toContain(
    "FROM read_parquet('/logs/cluster=*/dt=*/hour=*/*.parquet'",
  );
});

test.each([
  [["--location", "s3://b", "-e", "spark"], "Use athena, trino, duckdb."],
  [["--location", "s3://b", "-e", "local"], "did you mean duckdb?"],
  [["--location", "s3://b", "-e", "trio"], "did you mean trino?"],
  [["--store", "/logs"], "Athena reads S3 alone"],
  [[], "no location is known"],
])("a mistake says what to do: %j", async (args, hint) => {
  const { code, stderr } = await runLogq(["ddl", ...args], { env: { XDG_CONFIG_HOME: "/dev/null" } });
  expect([code, stderr]).toEqual([2, expect.stringContaining(hint)]);
});

test("ddl --help names the engines", async () => {
  const { code, stdout } = await runLogq(["ddl", "--help"]);
  expect([code, stdout]).toEqual([0, expect.stringContaining("athena, trino or duckdb (athena)")]);
});
