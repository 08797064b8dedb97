import { randomUUID } from "node:crypto";
import type { Bucket } from "./s3-bucket.ts";
import { openAthenaTable, type AthenaTable, type TableAnswer } from "./athena-table.ts";
import { Refusal, startJsonServer, type JsonFault, type JsonServer, type JsonServerOptions } from "./json-server.ts";

/**
 * Beside those of every service; of StartQueryExecution they are what becomes of the query:
 *
 *   quota      400 TooManyRequestsException for the number of concurrent queries, nothing is done
 *   rate       400 TooManyRequestsException for the rate of requests, nothing is done
 *   requeued   the query runs, waits again, runs and succeeds
 *   slow       it runs, and scans, until it is stopped
 *   cutoff     it is cancelled for the workgroup's limit of bytes
 *   failed     it fails for `failure`, and `athenaError`
 *   lingers    it can be stopped, but goes on for some looks
 *   outruns    a stop comes too late: it succeeds
 */
export type AthenaFault = JsonFault | keyof typeof REFUSALS | QueryFault;

type QueryFault = "requeued" | "slow" | "cutoff" | "failed" | "lingers" | "outruns";

const QUOTA =
  "You have exceeded the limit for the number of queries you can run concurrently. Reduce the number of concurrent queries submitted by this account. Contact customer support to request a concurrent query limit increase.";

const REFUSALS = {
  quota: [400, "TooManyRequestsException", QUOTA, { Reason: "CONCURRENT_QUERY_LIMIT_EXCEEDED" }],
  rate: [400, "TooManyRequestsException", "Rate exceeded"],
} as const;

export interface Workgroup {
  /** `s3://bucket/prefix/`. */
  readonly outputLocation?: string;
  readonly enforced?: boolean;
  readonly managed?: boolean;
}

export interface AthenaServerOptions extends JsonServerOptions {
  /** A store's directory: the table `awsdatacatalog.logq.logs`. */
  readonly store: string;
  /** `primary`, which has a location, without it. */
  readonly workgroups?: Readonly<Record<string, Workgroup>>;
  /** Where result files are put, by the name of the bucket; a place without one holds none. */
  readonly buckets?: Readonly<Record<string, Bucket>>;
  /** What a look at a running query adds to the bytes it has scanned. */
  readonly bytesPerLook?: number;
  /** What GetWorkGroup is answered by. */
  readonly hidesWorkgroups?: boolean;
}

interface Execution {
  readonly id: string;
  readonly sql: string;
  readonly token: string;
  readonly fault: AthenaFault | null;
  readonly workgroup: string;
  readonly location: string | null;
  readonly managed: boolean;
  readonly reused: boolean;
  state: "QUEUED" | "RUNNING" | "SUCCEEDED" | "FAILED" | "CANCELLED";
  reason: string | null;
  /** Still to come, one a look. */
  plan: ("QUEUED" | "RUNNING")[];
  scannedBytes: number;
  answer: TableAnswer | null;
  /** Looks until a stop has taken effect; null if none was asked for. */
  stopsIn: number | null;
  hasRun: boolean;
  /** Settles when the answer is there. */
  answered: Promise<void>;
}

/**
 * Athena's API as far as logq uses it, by the request loop of json-server.ts; queries are run by DuckDB (athena-table.ts).
 * The key of a rule is the query's text. Checked against an implementation that we did not write by `npm run test:aws`.
 */
export interface AthenaServer extends JsonServer<AthenaFault> {
  /** Queries in the order of their starts. */
  readonly executions: readonly Readonly<Execution>[];
  /** What failed queries fail for: Athena's StateChangeReason. */
  failure: string;
  /** And how it is classified: the user's fault without. */
  athenaError: { readonly ErrorCategory: number; readonly ErrorType: number; readonly Retryable: boolean };
  /** When StopQueryExecution came, by `performance.now()`. */
  readonly stops: { readonly id: string; readonly atMs: number }[];
  /** What each request asked, by operation. */
  readonly asked: { readonly operation: string; readonly input: Asked }[];
}

interface Asked {
  readonly QueryString?: string;
  readonly QueryExecutionId?: string;
  readonly ClientRequestToken?: string;
  readonly WorkGroup?: string;
  readonly ResultConfiguration?: { readonly OutputLocation?: string };
  readonly ResultReuseConfiguration?: {
    readonly ResultReuseByAgeConfiguration?: { readonly Enabled: boolean; readonly MaxAgeInMinutes?: number };
  };
  readonly MaxResults?: number;
  readonly NextToken?: string;
}

export async function startAthenaServer(options: AthenaServerOptions): Promise<AthenaServer> {
  const table = await openAthenaTable(options.store);
  const executions: Execution[] = [];
  const server: AthenaServer = Object.assign(
    await startJsonServer<Asked, AthenaFault>(
      {
        target: "AmazonAthena",
        refusals: REFUSALS,
        parse: (operation, body) => {
          const input = JSON.parse(body.toString()) as Asked;
          server.asked.push({ operation, input });
          return input;
        },
        keyOf: ({ QueryString, QueryExecutionId }) => QueryString ?? textOf(QueryExecutionId),
        perform: async (operation, asked, fault) => ({ answer: await perform(operation, asked, fault), taken: 0 }),
        stats: () => ({ executions: executions.length, stops: server.stops.length }),
      },
      options,
    ),
    {
      executions,
      failure: "GENERIC_INTERNAL_ERROR: no reason",
      athenaError: USERS_FAULT,
      stops: [],
      asked: [],
    },
  );
  const dispose = server[Symbol.asyncDispose];
  server[Symbol.asyncDispose] = async () => {
    await dispose();
    table.close();
  };

  function textOf(id: string | undefined): string {
    return executions.find((execution) => execution.id === id)?.sql ?? "";
  }

  async function perform(operation: string, asked: Asked, fault: AthenaFault | null): Promise<object> {
    if (operation === "GetWorkGroup") return getWorkgroup(asked, options);
    if (operation === "StartQueryExecution") return { QueryExecutionId: await start(asked, fault) };
    const execution = executions.find(({ id }) => id === asked.QueryExecutionId);
    if (execution === undefined) throw invalid(`QueryExecution ${asked.QueryExecutionId} was not found`);
    if (operation === "GetQueryExecution") {
      if (execution.stopsIn !== null && execution.fault === "outruns") await execution.answered;
      return { QueryExecution: look(execution, options.bytesPerLook ?? 1e6) };
    }
    if (operation === "StopQueryExecution") {
      server.stops.push({ id: execution.id, atMs: performance.now() });
      execution.stopsIn ??= execution.fault === "lingers" ? 3 : 1;
      return {};
    }
    if (operation === "GetQueryResults") return page(execution, asked);
    throw new Refusal(400, "UnknownOperationException", "Unknown operation");
  }

  async function start(asked: Asked, fault: AthenaFault | null): Promise<string> {
    const sql = asked.QueryString!;
    const token = asked.ClientRequestToken ?? randomUUID();
    const same = executions.find((execution) => execution.token === token);
    if (same !== undefined) {
      if (same.sql !== sql) throw invalid("Idempotent parameters do not match");
      return same.id;
    }
    const id = randomUUID();
    const place = placeOf(asked, options, id);
    await refuseMalformed(table, sql);
    const reuses = asked.ResultReuseConfiguration?.ResultReuseByAgeConfiguration?.Enabled === true;
    const earlier = reuses ? executions.find((each) => each.sql === sql && each.state === "SUCCEEDED") : undefined;
    const execution: Execution = {
      id,
      sql,
      token,
      fault,
      ...place,
      reused: earlier !== undefined,
      state: "QUEUED",
      reason: null,
      plan: fault === "requeued" ? ["QUEUED", "RUNNING", "QUEUED", "RUNNING"] : ["QUEUED", "RUNNING"],
      scannedBytes: 0,
      answer: earlier?.answer ?? null,
      stopsIn: null,
      hasRun: false,
      answered: Promise.resolve(),
    };
    executions.push(execution);
    if (earlier === undefined && !["slow", "lingers", "cutoff", "failed"].includes(fault ?? ""))
      execution.answered = answer(execution);
    return id;
  }

  async function answer(execution: Execution): Promise<void> {
    const done = await table.answer(execution.sql);
    if ("failure" in done) execution.reason = done.failure;
    else execution.answer = done;
    const [, bucket, key] = /^s3:\/\/([^/]+)\/(.*)$/.exec(execution.location ?? "") ?? [];
    if ("csv" in done && bucket !== undefined) options.buckets?.[bucket]?.put(key!, Buffer.from(done.csv), {}, FREE);
  }

  /** Moves a query on by one look, and says where it stands. */
  function look(execution: Execution, bytesPerLook: number): object {
    if (!isOver(execution)) advance(execution, bytesPerLook, server.failure);
    return described(execution, server.athenaError);
  }

  return server;
}

const USERS_FAULT = { ErrorCategory: 2, ErrorType: 1006, Retryable: false };

const FREE = { ifFree: false, ifMatch: null };

function isOver({ state }: Execution): boolean {
  return state === "SUCCEEDED" || state === "FAILED" || state === "CANCELLED";
}

function advance(execution: Execution, bytesPerLook: number, failure: string): void {
  const next = execution.plan.shift();
  if (execution.stopsIn !== null && execution.fault !== "outruns" && (!execution.hasRun || execution.stopsIn-- <= 0)) {
    execution.state = "CANCELLED";
    execution.reason = "Query cancelled by user";
    return;
  }
  if (next !== undefined) {
    execution.state = next;
    execution.hasRun ||= next === "RUNNING";
    if (next === "RUNNING" && !execution.reused) execution.scannedBytes += bytesPerLook;
    return;
  }
  if (execution.fault === "cutoff") {
    execution.state = "CANCELLED";
    execution.reason = "Query cancelled! : Bytes scanned limit was exceeded";
  } else if (execution.fault === "failed") {
    execution.state = "FAILED";
    execution.reason = failure;
  } else if (execution.fault === "slow" || execution.fault === "lingers") execution.scannedBytes += bytesPerLook;
  else if (execution.reason !== null) execution.state = "FAILED";
  else if (execution.answer !== null) execution.state = "SUCCEEDED";
}

function described(execution: Execution, athenaError: AthenaServer["athenaError"]): object {
  const { id, sql, state, reason, scannedBytes, location, managed, reused, workgroup } = execution;
  const seconds = Date.now() / 1000;
  return {
    QueryExecutionId: id,
    Query: sql,
    StatementType: "DML",
    SubstatementType: "SELECT",
    WorkGroup: workgroup,
    ManagedQueryResultsConfiguration: { Enabled: managed },
    ResultConfiguration: location === null ? {} : { OutputLocation: location },
    Status: {
      State: state,
      SubmissionDateTime: seconds,
      ...(isOver(execution) && { CompletionDateTime: seconds }),
      ...(reason !== null && { StateChangeReason: reason }),
      ...(state === "FAILED" && { AthenaError: athenaError }),
    },
    Statistics: {
      DataScannedInBytes: scannedBytes,
      EngineExecutionTimeInMillis: execution.hasRun ? 120 : 0,
      QueryQueueTimeInMillis: 30,
      ResultReuseInformation: { ReusedPreviousResult: reused },
    },
  };
}

/** Rows of an answer, of which the header is the first. */
function page({ state, answer }: Execution, { MaxResults = 1000, NextToken }: Asked): object {
  if (state !== "SUCCEEDED" || answer === null) {
    throw invalid(`Query has not yet finished. Current state: ${state}`);
  }
  if (MaxResults > 1000) throw invalid("MaxResults is more than maximum allowed length 1000");
  const from = Number(NextToken ?? 0);
  const rows = [answer.columns.map(({ name }) => name), ...answer.rows];
  const data = rows.slice(from, from + MaxResults).map((row) => ({
    Data: row.map((value) => (value === null ? {} : { VarCharValue: value })),
  }));
  const infos = answer.columns.map(({ name, type }) => ({ CatalogName: "hive", Name: name, Label: name, Type: type }));
  return {
    ...(from + MaxResults < rows.length && { NextToken: String(from + MaxResults) }),
    ResultSet: { Rows: data, ResultSetMetadata: { ColumnInfo: infos } },
    UpdateCount: 0,
  };
}

function placeOf(asked: Asked, { workgroups = PRIMARY }: AthenaServerOptions, id: string) {
  const workgroup = asked.WorkGroup ?? "primary";
  const settings = workgroups[workgroup];
  if (settings === undefined) throw invalid(`WorkGroup ${workgroup} is not found.`);
  const wanted = asked.ResultConfiguration?.OutputLocation;
  if (settings.managed === true) {
    if (wanted !== undefined) throw invalid("ResultConfiguration cannot be set with managed query results");
    return { workgroup, location: null, managed: true };
  }
  const folder = settings.enforced === true ? settings.outputLocation : (wanted ?? settings.outputLocation);
  if (folder === undefined) {
    throw invalid(
      "No output location provided. An output location is required either through the Workgroup result configuration setting or as an API input.",
    );
  }
  return { workgroup, location: `${folder.replace(/\/$/, "")}/${id}.csv`, managed: false };
}

const PRIMARY: Readonly<Record<string, Workgroup>> = { primary: { outputLocation: "s3://results/athena/" } };

function getWorkgroup({ WorkGroup: name = "" }: Asked, options: AthenaServerOptions): object {
  if (options.hidesWorkgroups === true) {
    const message = `User: arn:aws-cn:iam::123456789012:user/ann is not authorized to perform: athena:GetWorkGroup on resource: ${name}`;
    throw new Refusal(400, "AccessDeniedException", message);
  }
  const settings = (options.workgroups ?? PRIMARY)[name];
  if (settings === undefined) throw invalid(`WorkGroup ${name} is not found.`);
  return {
    WorkGroup: {
      Name: name,
      State: "ENABLED",
      Configuration: {
        EnforceWorkGroupConfiguration: settings.enforced === true,
        ResultConfiguration: settings.outputLocation === undefined ? {} : { OutputLocation: settings.outputLocation },
        ...(settings.managed === true && { ManagedQueryResultsConfiguration: { Enabled: true } }),
      },
    },
  };
}

async function refuseMalformed(table: AthenaTable, sql: string): Promise<void> {
  const malformed = await table.syntaxError(sql);
  if (malformed !== null)
    throw new Refusal(400, "InvalidRequestException", malformed, { AthenaErrorCode: "MALFORMED_QUERY" });
}

function invalid(message: string): Refusal {
  return new Refusal(400, "InvalidRequestException", message, { AthenaErrorCode: "INVALID_INPUT" });
}
