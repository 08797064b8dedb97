import type { Athena, QueryExecution } from "@aws-sdk/client-athena";
import { expect, test } from "vitest";
import { createAthenaEngine } from "../../query/engine/athena/athena.ts";
import type { AthenaSetup } from "../../query/engine/athena/setup.ts";
import type { LoweredQuery, Receipt } from "../../query/engine/engine.ts";

/** One Athena: ours, or moto. */
export interface OpenAthena extends AsyncDisposable {
  readonly client: Athena;
  readonly setup: AthenaSetup;
  /** `s3://bucket/folder`, where results may go. */
  readonly results: string;
  /** Makes the next query answer `SQL` does: ours runs it, moto is told. */
  readonly willAnswer: () => Promise<void>;
  /** Makes the next query run until it is stopped. */
  readonly willRunOn: () => Promise<void>;
  readonly readFile: (location: string) => Promise<string>;
}

const SQL = `select 'a,"b"' as x, cast(null as varchar) as y, '' as z, cast(7 as bigint) as n`;
export const COLUMNS = [
  ["x", "varchar"],
  ["y", "varchar"],
  ["z", "varchar"],
  ["n", "bigint"],
] as const;

const QUERY: LoweredQuery = {
  sql: SQL,
  text: SQL,
  reversed: false,
  files: [],
  prelude: [],
  sourceOffset: (offset) => offset,
};

/** What our server claims of Athena, and the engine upon it, run against it and against moto. */
export function athenaClaims(of: string, open: () => Promise<OpenAthena>): void {
  test(`${of}: a query waits, runs and succeeds; its result file is named after it`, async () => {
    await using athena = await open();
    await athena.willAnswer();
    const { client, results } = athena;
    const id = await started(client, results);
    const states = await statesOf(client, id);
    expect(states.map(({ Status }) => Status!.State)).toEqual(
      expect.arrayContaining(["QUEUED", "RUNNING", "SUCCEEDED"]),
    );
    const { ResultConfiguration, Statistics, Query } = states.at(-1)!;
    expect([Query, ResultConfiguration!.OutputLocation]).toEqual([SQL, `${results}/${id}.csv`]);
    expect(Statistics!.DataScannedInBytes).toBeTypeOf("number");
    expect(Statistics!.ResultReuseInformation).toEqual({ ReusedPreviousResult: false });
  });

  test(`${of}: the first row is the header; NULL is a value that is missing, the empty text is not`, async () => {
    await using athena = await open();
    await athena.willAnswer();
    const id = await started(athena.client, athena.results);
    await statesOf(athena.client, id);
    const { ResultSet, NextToken } = await athena.client.getQueryResults({ QueryExecutionId: id });
    expect(NextToken).toBe(undefined);
    expect(ResultSet!.Rows!.map(({ Data }) => Data)).toEqual([
      COLUMNS.map(([name]) => ({ VarCharValue: name })),
      [{ VarCharValue: 'a,"b"' }, {}, { VarCharValue: "" }, { VarCharValue: "7" }],
    ]);
    const infos = ResultSet!.ResultSetMetadata!.ColumnInfo!;
    expect(infos.map(({ Name, Type }) => [Name, Type])).toEqual(COLUMNS);
    const file = await athena.readFile(`${athena.results}/${id}.csv`);
    expect(file.split("\n")[1]).toMatch(/,,"","7"$/);
  });

  test(`${of}: a result cannot be read before its time`, async () => {
    await using athena = await open();
    await athena.willRunOn();
    const id = await started(athena.client, athena.results);
    await expect(athena.client.getQueryResults({ QueryExecutionId: id })).rejects.toMatchObject({
      name: "InvalidRequestException",
      message: "Query has not yet finished. Current state: QUEUED",
    });
    await athena.client.stopQueryExecution({ QueryExecutionId: id });
  });

  test(`${of}: a query that is stopped is cancelled`, async () => {
    await using athena = await open();
    await athena.willRunOn();
    const id = await started(athena.client, athena.results);
    await athena.client.stopQueryExecution({ QueryExecutionId: id });
    expect((await statesOf(athena.client, id)).at(-1)!.Status!.State).toBe("CANCELLED");
  });

  test(`${of}: a workgroup that does not exist is an invalid request`, async () => {
    await using athena = await open();
    const asked = athena.client.startQueryExecution({ QueryString: SQL, WorkGroup: "nope" });
    await expect(asked).rejects.toMatchObject({ name: "InvalidRequestException" });
  });

  test(`${of}: the engine answers, and says what it cost`, async () => {
    await using athena = await open();
    await athena.willAnswer();
    const receipts: Receipt[] = [];
    const engine = createAthenaEngine(athena.setup);
    const { columns, batches } = await engine.run(QUERY, new AbortController().signal, (receipt) => {
      receipts.push(receipt);
    });
    expect(columns).toEqual(COLUMNS.map(([name, type]) => ({ name, type })));
    const rows = [];
    for await (const batch of batches) rows.push(...batch);
    expect(rows).toEqual([['a,"b"', null, "", 7n]]);
    expect(receipts.at(-1)).toMatchObject({ state: "succeeded", billedBytes: 10e6, reused: false });
  });

  test(`${of}: the engine stops a query that is interrupted`, async () => {
    await using athena = await open();
    await athena.willRunOn();
    const stop = new AbortController();
    const receipts: Receipt[] = [];
    const asked = createAthenaEngine(athena.setup).run(QUERY, stop.signal, (receipt) => {
      receipts.push(receipt);
      stop.abort();
    });
    await expect(asked).rejects.toThrow("aborted");
    expect(receipts.at(-1)).toMatchObject({ state: "cancelled" });
  });
}

async function started(client: Athena, OutputLocation: string): Promise<string> {
  const { QueryExecutionId } = await client.startQueryExecution({
    QueryString: SQL,
    ResultConfiguration: { OutputLocation },
  });
  return QueryExecutionId!;
}

/** What each look says, until the query has ended. */
async function statesOf(client: Athena, QueryExecutionId: string): Promise<QueryExecution[]> {
  const seen: QueryExecution[] = [];
  for (let looks = 0; looks < 200; looks++) {
    const { QueryExecution: execution } = await client.getQueryExecution({ QueryExecutionId });
    seen.push(execution!);
    if (["SUCCEEDED", "FAILED", "CANCELLED"].includes(execution!.Status!.State!)) return seen;
  }
  throw new Error(`query ${QueryExecutionId} has not ended in ${seen.length} looks`);
}
