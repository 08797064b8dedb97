import type { QueryExecution } from "@aws-sdk/client-athena";
import { CliError, EXIT } from "../../cli-error.ts";
import { bytesText } from "../../footer.ts";
import type { Engine, LoweredText, Receipt, Result } from "../engine.ts";
import { openClients, type Clients } from "./client.ts";
import { receiptOf, usdText } from "./cost.ts";
import { queryFailure } from "./query-failure.ts";
import { readResults } from "./results.ts";
import { mayPass } from "./retryable.ts";
import { systemClock, type AthenaSetup, type Clock } from "./setup.ts";
import { startQuery } from "./start.ts";
import { hasEnded, stopQuery, watchQuery } from "./watch.ts";

/**
 * Amazon Athena, by its API and the result files in S3; runs what is lowered for Trino. Nothing is asked of AWS before a
 * query runs. A query is stopped when its signal is aborted or it has scanned more than `scanBytesMax` (CliError, exit 3),
 * and its bill waited for shortly. One that failed for what may pass is started once more, as another query.
 */
export function createAthenaEngine(setup: AthenaSetup): Engine {
  const clock = setup.clock ?? systemClock;
  let clients: Promise<Clients> | null = null;
  return {
    async run(query, signal, onReceipt) {
      signal.throwIfAborted();
      clients ??= openClients(setup.context, setup.env);
      return await runQuery({
        clients: await clients,
        setup,
        clock,
        query,
        signal,
        onReceipt: onReceipt ?? (() => {}),
        scannedBefore: 0,
      });
    },
  };
}

interface Run {
  readonly clients: Clients;
  readonly setup: AthenaSetup;
  readonly clock: Clock;
  readonly query: LoweredText;
  readonly signal: AbortSignal;
  readonly onReceipt: (receipt: Receipt) => void;
  /** By a run that failed before this one: `scanBytesMax` is that of both. */
  readonly scannedBefore: number;
}

async function runQuery(run: Run): Promise<Result> {
  const { clients, setup, clock, signal } = run;
  let ended = await runOnce(run);
  if (mayPass(ended.execution) && !isOverScan(ended.receipt, run)) {
    const why = (ended.execution.Status?.StateChangeReason ?? "").split("\n")[0]!;
    setup.notice(`Athena failed, which may pass (${why}): the query is started again, once`);
    await clock.sleep(AGAIN_MS * (0.5 + clock.random() / 2), signal);
    signal.throwIfAborted();
    run = { ...run, scannedBefore: ended.receipt.scannedBytes };
    ended = await runOnce(run);
  }
  if (ended.receipt.state !== "succeeded") throw failureOf(ended, run);
  return await readResults(clients, ended.execution, { clock, signal, notice: setup.notice });
}

/** What throttled S3, or failed within Athena, has a moment to recover. */
const AGAIN_MS = 4000;

interface Ended {
  readonly execution: QueryExecution;
  readonly receipt: Receipt;
}

async function runOnce(run: Run): Promise<Ended> {
  const { clients, setup, clock, query, signal, onReceipt } = run;
  const queryId = await startQuery(clients, setup, query, clock, signal);
  const execution = await endOf(queryId, run);
  const receipt = receiptOf(execution, setup.context.pricePerTb);
  onReceipt(receipt);
  signal.throwIfAborted();
  return { execution, receipt };
}

/**
 * The query when it has ended: by itself, or stopped because it scanned too much or the signal was aborted. One that can't
 * be looked at any more is stopped, too, as far as that is possible: it would be billed for nothing.
 */
async function endOf(queryId: string, run: Run): Promise<QueryExecution> {
  const { clients, setup, clock, signal, onReceipt } = run;
  let last: QueryExecution = { QueryExecutionId: queryId };
  const receipt = (): Receipt => receiptOf(last, setup.context.pricePerTb);
  try {
    for await (const execution of watchQuery(clients, queryId, clock, signal)) {
      last = execution;
      if (hasEnded(last)) return last;
      onReceipt(receipt());
      if (isOverScan(receipt(), run)) return await stopQuery(clients, queryId, clock);
    }
    return await stopQuery(clients, queryId, clock);
  } catch (error) {
    const stopped = signal.aborted ? null : await stopQuery(clients, queryId, clock).catch(() => null);
    last = stopped ?? last;
    onReceipt(receipt());
    if (stopped !== null) throw error;
    const message = `query ${queryId} could not be stopped: ${(error as Error).message}`;
    const hint = `it may still run and cost; stop it by: logq cancel ${queryId}`;
    // Who interrupts is told of no error any more.
    if (signal.aborted) setup.notice(`${message}\n  ${hint}`);
    throw new CliError(message, hint, EXIT.backend);
  }
}

function isOverScan({ scannedBytes }: Receipt, { setup: { scanBytesMax }, scannedBefore }: Run): boolean {
  return scanBytesMax !== null && scannedBefore + scannedBytes > scanBytesMax;
}

function failureOf({ execution: { Status }, receipt }: Ended, run: Run): Error {
  const { setup, query } = run;
  if (isOverScan(receipt, run) && receipt.state !== "failed") {
    const scanned = bytesText(run.scannedBefore + receipt.scannedBytes);
    return new CliError(
      `stopped: the query had scanned ${scanned}, more than --max-scan ${bytesText(setup.scanBytesMax!)}; it is billed ${usdText(receipt.usd)}`,
      "narrow it (--since, -n, -w, -p, fewer columns), or raise the limit: --max-scan 50GB, --max-scan off",
      EXIT.guard,
    );
  }
  const reason = Status?.StateChangeReason || Status?.AthenaError?.ErrorMessage || "";
  return queryFailure({ reason, queryId: receipt.queryId, isCancelled: receipt.state === "cancelled" }, query);
}
