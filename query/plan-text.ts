/** What `--explain`, `--dry-run` and `--estimate` print. */
import type { CommandIo } from "./cli-io.ts";
import { usdText } from "./engine/athena/cost.ts";
import { estimate } from "./estimate.ts";
import { bytesText, counted, scanText, windowText } from "./footer.ts";
import type { Options } from "./options.ts";
import type { Scan } from "./plan-scan.ts";
import type { PreparedQuery } from "./prepare.ts";
import type { Store } from "./store/store.ts";
import { athenaUsd, s3Usd } from "./price.ts";
import { neutralise } from "./render/terminal-text.ts";

/** Writes the plan if one of the three options asks for it; false if none does. Nothing is run; `--estimate` reads footers. */
export async function writePlan(options: Options, prepared: PreparedQuery, io: CommandIo): Promise<boolean> {
  const plan = await planText(options, prepared, io.signal);
  if (plan !== null) await io.out.write(io.stdout.isTTY === true ? neutralise(plan) : plan);
  return plan !== null;
}

async function planText(options: Options, prepared: PreparedQuery, signal: AbortSignal): Promise<string | null> {
  if (options.explain) return explained(options, prepared);
  if (options.estimate) return await estimated(prepared, signal);
  return options.dryRun ? planned(options, prepared) : null;
}

function explained(options: Options, prepared: PreparedQuery): string {
  const { lower, scan, choice } = prepared;
  const files = scan === null || scan.store === null ? [] : filesOf(scan.store, scan.objects, prepared);
  const { sql } = lower(files);
  const lines = [`window: ${windowOf(options, prepared)}`, `reads: ${reads(prepared)}`, `engine: ${choice.engine}`];
  return [...lines.map((line) => `-- ${line}\n`), `${sql.trimEnd()}\n`].join("");
}

/** What stands for the objects: of those that are read whole, the file that is made of them. */
function filesOf(store: Store, objects: Scan["objects"], { statement }: PreparedQuery): string[] {
  if (!store.readsWhole) return objects.map(({ key }) => `${store.location}/${key}`);
  const { readers = [] } = statement.table?.aws ?? {};
  return objects.length === 0 ? [] : readers.map(({ extension }) => `${store.location}/…${extension}`);
}

function planned(options: Options, prepared: PreparedQuery): string {
  const { scan, choice } = prepared;
  const partitions = scan?.partitions.map((partition) => `  ${partition.path}\n`).join("") ?? "";
  const why = choice.why === null ? "" : `${choice.why}\n`;
  return `${why}window: ${windowOf(options, prepared)}\nwould read: ${reads(prepared)}\n${partitions}`;
}

async function estimated({ scan, context }: PreparedQuery, signal: AbortSignal): Promise<string> {
  if (scan === null) return "reads no logs: nothing\n";
  if (scan.store === null) return "no estimate: Athena alone knows the objects; name their store: --store s3://…\n";
  const { bytes, objects, requests, sampled } = await estimate(scan.store, scan.objects, scan.need, signal);
  const columns = scan.need.columns === null ? "all columns" : counted(scan.need.columns.size, "column");
  const basis = scan.store.readsWhole
    ? `sizes of ${counted(objects, "object")}, which are read whole`
    : `footers of ${sampled} of ${counted(objects, "object")}, ${columns}`;
  const fetched =
    scan.store.kind === "directory"
      ? "DuckDB: $0, the store is local\n"
      : `DuckDB over S3: about ${counted(requests, "request")}, ${usdText(s3Usd(requests, 0, context.requestPrices))} (and transfer out of the region)\n`;
  const athena = `Athena: ${usdText(athenaUsd(bytes, context.pricePerTb))} (at $${context.pricePerTb} per TB, 10 MB at least)\n`;
  return `would read about ${bytesText(bytes)} (by the ${basis})\n${fetched}${athena}`;
}

function windowOf(options: Options, { scan }: PreparedQuery): string {
  return scan === null ? "none" : `${windowText(scan.window.range, options.zone)} (${options.zone})`;
}

function reads({ scan, context }: PreparedQuery): string {
  if (scan === null) return "nothing";
  const { catalog, database, table } = context;
  return scan.store === null ? `${catalog}.${database}.${table}, ${scanText(scan)}` : scanText(scan);
}
