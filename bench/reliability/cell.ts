import { setTimeout as sleep } from "node:timers/promises";
import { injectFaults, type FaultCount } from "./agent-faults.ts";
import { makeBed, type Bed, type BedSpec } from "./bed.ts";
import { cellName, isStoreFault, isWriterAction, type Cell } from "./cells.ts";
import { accountForLoss, type LossAccount } from "./legal-loss.ts";
import { startS3, type S3Process } from "./s3-process.ts";
import { verifyStore, type Verified } from "./verify.ts";
import { endWriter, startWriter } from "./writer-process.ts";
import type { Written, WriterSpec } from "./writer.ts";

const PODS = 4;
/** Each container rotates this often in a cell, by size. */
const ROTATIONS = 5;
const ACTION_EVERY_MS = 3000;
const DRAIN_MS = 120_000;

/** What one cell came to; one JSON file each. */
export interface CellResult {
  readonly cell: Cell;
  readonly at: string;
  readonly lines: number;
  readonly bytes: number;
  readonly rotations: number;
  readonly faults: number;
  readonly faultsInFlight: number;
  readonly outputs: Readonly<Record<string, OutputResult>>;
  readonly cpuSecondsPerGb: number;
  /** Messages at level error or above, and how often each was logged. */
  readonly errors: Readonly<Record<string, number>>;
  readonly suspectedGaps: number;
  /** Why it is no pass; empty: it is one. */
  readonly failures: readonly string[];
}

export interface OutputResult extends Omit<Verified, "missing">, LossAccount {
  /** Bytes that the agent says this output lost. */
  readonly saidLostBytes: number;
}

/** Runs one cell below `parent` and removes its folders if it passed. */
export async function runCell(cell: Cell, parent: string): Promise<CellResult> {
  await using s3 = await startS3(parent, cellName(cell));
  const bed = await makeBed(parent, bedSpec(cell, s3));
  const stop = new AbortController();
  const writer = startWriter(writerSpec(cell, bed));
  try {
    bed.agent.start();
    const faults = faultsOf(cell, bed, s3, stop.signal);
    await Promise.race([sleep(cell.seconds * 1000), faults.then(() => never())]);
    stop.abort();
    const count = await faults;
    const written = await endWriter(writer);
    await bed.drain(DRAIN_MS);
    const result = await judge(cell, bed, written, count);
    if (result.failures.length === 0) bed.remove();
    return result;
  } finally {
    stop.abort();
    writer.kill("SIGKILL");
    if (bed.agent.starts > 0) await bed.agent.end("SIGKILL");
  }
}

function bedSpec(cell: Cell, s3: S3Process): BedSpec {
  const links = cell.mode === "links";
  const small = { megabytes: 64 + Math.ceil(cell.rate * cell.seconds * 0.3) };
  return {
    name: cellName(cell),
    links,
    uploadTimeout: "1s",
    s3,
    shiftsClock: cell.fault === "clock jump",
    small: cell.fault === "disk full" ? small : null,
  };
}

async function never(): Promise<never> {
  return await new Promise(() => undefined);
}

function writerSpec(cell: Cell, bed: Bed): WriterSpec {
  const bytesPerSecond = cell.rate * 1e6;
  return {
    root: bed.root,
    staging: bed.staging,
    pods: PODS,
    bytesPerSecond,
    fileBytesMax: (bytesPerSecond * cell.seconds) / PODS / (ROTATIONS + 0.5),
    action: isWriterAction(cell.fault) ? cell.fault : null,
    actionEveryMs: ACTION_EVERY_MS,
  };
}

async function faultsOf(cell: Cell, bed: Bed, s3: S3Process, signal: AbortSignal): Promise<FaultCount | null> {
  if (isWriterAction(cell.fault)) return null;
  if (isStoreFault(cell.fault)) return await s3.injectFaults(cell.fault, signal);
  return await injectFaults(cell.fault, bed, signal);
}

async function judge(cell: Cell, bed: Bed, written: Written, count: FaultCount | null): Promise<CellResult> {
  const logged = bed.agent.logged();
  const outputs: Record<string, OutputResult> = {};
  for (const [name, store] of Object.entries(bed.stores)) {
    const { missing, ...verified } = await verifyStore(store, written.pods);
    const account = accountForLoss(missing, written, cell, recoveredAtMs(logged));
    outputs[name] = { ...verified, ...account, saidLostBytes: saidLost(logged, name) };
  }
  // A full disk proves itself: the shipment that it hit says so.
  const hits = cell.fault === "disk full" ? logged.filter((line) => JSON.stringify(line).includes("ENOSPC")).length : 0;
  const result = {
    cell,
    at: new Date().toISOString(),
    lines: written.lines,
    bytes: written.bytes,
    rotations: written.rotations,
    faults: count?.actions ?? written.actions,
    faultsInFlight: Math.max(hits, count?.inFlight ?? written.actionsInFlight),
    outputs,
    cpuSecondsPerGb: bed.agent.cpuSeconds / (written.bytes / 1e9),
    errors: countMessages(logged.filter(isError)),
    suspectedGaps: logged.filter((line) => String(line["message"]).startsWith("suspected gap")).length,
  };
  return { ...result, failures: failuresOf(result) };
}

function failuresOf(result: Omit<CellResult, "failures">): string[] {
  const { cell, outputs, errors } = result;
  const failures: string[] = [];
  for (const [name, output] of Object.entries(outputs)) {
    if (output.illegalLines > 0) failures.push(`${name}: ${output.illegalLines} lines lost`);
    if (output.duplicated > 0) failures.push(`${name}: ${output.duplicated} rows duplicated`);
    if (output.different > 0) failures.push(`${name}: ${output.different} rows differ from what was written`);
    // A file that shrank between two looks may have held more than the agent ever saw.
    const saysTooMuch = output.saidLostBytes > output.legalBytes;
    const saysTooLittle =
      cell.fault !== "truncate" && cell.mode === "links" && output.saidLostBytes < output.legalBytes;
    if (saysTooMuch || saysTooLittle)
      failures.push(`${name}: the agent says ${output.saidLostBytes} bytes lost, the model ${output.legalBytes}`);
  }
  for (const message of Object.keys(errors).filter((text) => text.startsWith("FATAL"))) failures.push(message);
  if (result.rotations < 3) failures.push(`only ${result.rotations} rotations`);
  if (result.faultsInFlight < 1) failures.push("no fault hit a shipment in flight");
  return failures;
}

function saidLost(logged: readonly Record<string, unknown>[], output: string): number {
  const lost = logged.filter((line) => "reason" in line && "bytes" in line && isError(line));
  const own = lost.filter(
    (line) => line["output"] === undefined || line["output"] === null || line["output"] === output,
  );
  return own.reduce((sum, line) => sum + Number(line["bytes"]), 0);
}

/** When each life of the agent had taken up its files again, by the real clock but for `clock jump`. */
function recoveredAtMs(logged: readonly Record<string, unknown>[]): number[] {
  const lines = logged.filter((line) => line["message"] === "recovered");
  return lines.map((line) => Date.parse(String(line["time"])));
}

function isError(line: Record<string, unknown>): boolean {
  return line["level"] === "error" || line["level"] === "fatal";
}

function countMessages(logged: readonly Record<string, unknown>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of logged) {
    const text = `${line["level"] === "fatal" ? "FATAL: " : ""}${String(line["message"])}`;
    counts[text] = (counts[text] ?? 0) + 1;
  }
  return counts;
}
