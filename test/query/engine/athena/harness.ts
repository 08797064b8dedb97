/** Athena and S3 of ours, and one way through analysis, lowering and engine. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { analyze } from "../../../../query/dialect/analyze.ts";
import type { AnalyzeOptions } from "../../../../query/dialect/analyze.ts";
import { lowerForTrino } from "../../../../query/dialect/lower.ts";
import type { TrinoLowerOptions } from "../../../../query/dialect/statement.ts";
import { createAthenaEngine } from "../../../../query/engine/athena/athena.ts";
import type { AthenaContext, AthenaSetup, Clock } from "../../../../query/engine/athena/setup.ts";
import type { LoweredQuery, Receipt, ResultColumn, Value } from "../../../../query/engine/engine.ts";
import { makeStore } from "../../../helpers/store.ts";
import { startAthenaServer, type AthenaServer, type AthenaServerOptions } from "../../../servers/athena-server.ts";
import { startS3Server, type S3Server } from "../../../servers/s3-server.ts";

/** Requests are signed, but signatures are not looked at. */
export const CREDENTIALS = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };

export interface World extends AsyncDisposable {
  readonly store: string;
  readonly athena: AthenaServer;
  readonly s3: S3Server;
  readonly env: Record<string, string>;
}

/** The sample store of test/helpers/store.ts behind Athena; results go to the bucket `results`. */
export async function startWorld(options: Partial<AthenaServerOptions> = {}): Promise<World> {
  const store = mkdtempSync(join(tmpdir(), "logq-athena-"));
  await makeStore(store);
  const s3 = await startS3Server({ buckets: ["results"] });
  const athena = await startAthenaServer({ store, buckets: { results: s3.bucket("results") }, ...options });
  return {
    store,
    athena,
    s3,
    env: { AWS_ENDPOINT_URL_ATHENA: athena.endpoint, AWS_ENDPOINT_URL_S3: s3.endpoint },
    async [Symbol.asyncDispose]() {
      await athena[Symbol.asyncDispose]();
      await s3[Symbol.asyncDispose]();
      rmSync(store, { recursive: true, force: true });
    },
  };
}

export const CONTEXT: AthenaContext = {
  region: "us-east-1",
  profile: null,
  workgroup: null,
  catalog: "awsdatacatalog",
  database: "logq",
  outputLocation: null,
  pricePerTb: 5,
};

/** Waits pass at once, and the clock says that they have. */
export function quickClock(): Clock & { readonly sleptMs: number[] } {
  let nowMs = 0;
  const sleptMs: number[] = [];
  return {
    sleptMs,
    now: () => nowMs,
    random: () => 1,
    async sleep(ms) {
      nowMs += ms;
      sleptMs.push(ms);
      await turn();
    },
  };
}

export function trino(text: string, options: Partial<TrinoLowerOptions & AnalyzeOptions> = {}): LoweredQuery {
  const { now = 0n, params = {}, ...rest } = options;
  const table = { catalog: "awsdatacatalog", database: "logq", table: "logs" };
  const lowering = { table, clusters: ["prod"], range: { from: null, to: null }, where: null, limit: null, ...rest };
  return { ...lowerForTrino(analyze(text, { now, params, engine: "trino" }), lowering), files: [], prelude: [] };
}

export interface Ran {
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly (readonly Value[])[];
  readonly receipts: readonly Receipt[];
  readonly notices: readonly string[];
}

export interface Given extends Partial<Omit<AthenaSetup, "context" | "env">> {
  readonly context?: Partial<AthenaContext>;
  readonly signal?: AbortSignal;
  readonly onReceipt?: (receipt: Receipt) => void;
}

/** Runs a query to its last row. */
export async function ask(world: World, query: string | LoweredQuery, given: Given = {}): Promise<Ran> {
  const { context, signal = new AbortController().signal, onReceipt, ...setup } = given;
  const notices: string[] = [];
  const engine = createAthenaEngine({
    context: { ...CONTEXT, ...context },
    env: world.env,
    scanBytesMax: null,
    notice: (message) => notices.push(message),
    clock: quickClock(),
    ...setup,
  });
  const receipts: Receipt[] = [];
  const lowered = typeof query === "string" ? trino(query) : query;
  const { columns, batches } = await engine.run(lowered, signal, (receipt) => {
    receipts.push(receipt);
    onReceipt?.(receipt);
  });
  const rows: (readonly Value[])[] = [];
  for await (const batch of batches) rows.push(...batch);
  return { columns, rows, receipts, notices };
}
