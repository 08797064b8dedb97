/** `-f`: the newest rows, then those of each object that comes, until it is interrupted. */
import { setTimeout as wait } from "node:timers/promises";
import { CliError, EXIT } from "../cli-error.ts";
import type { CommandIo } from "../cli-io.ts";
import type { Engine, Result } from "../engine/engine.ts";
import { hasTimeFlag, type Options } from "../options.ts";
import type { Scan } from "../plan-scan.ts";
import type { PreparedQuery } from "../prepare.ts";
import { createRenderer, isLogShaped, type Format, type Renderer, type Row } from "../render/renderer.ts";
import { note } from "../report.ts";
import type { Store } from "../store/store.ts";
import { runQuery } from "../run.ts";
import { grepMistake } from "../scope.ts";
import { projection, type Projection } from "../show.ts";
import type { StoredObject } from "../store/store.ts";
import { usesColor } from "../style.ts";
import { followObjects, uploadIntervalMs } from "./new-objects.ts";

/** As tail's. */
const FIRST_ROWS = 10;
/** A directory is asked often, for that is cheap; each look at a bucket is a few requests that cost money. */
const DIRECTORY_EVERY_MS = 1000;
const S3_EVERY_MS = 5000;
/** While nothing comes. */
const S3_QUIET_EVERY_MS = 10_000;
/** Formats that can be read before they end. */
const STREAMED: readonly Format[] = ["log", "ndjson", "csv", "tsv", "logfmt", "raw", "md"];

/** The options of the first query: its last ten rows, or all rows of the window that a flag names. */
export function firstOptions(options: Options): Options {
  if (options.time.to !== null) {
    throw new CliError("-f goes on from now, and --to ends before", "leave out -f or --to");
  }
  if (options.output !== null && !STREAMED.includes(options.output)) {
    throw new CliError(`-f -o ${options.output}: such a result is written when it ends`, `use ${STREAMED.join(", ")}`);
  }
  if (options.around !== null) throw new CliError("-f and -A, -B, -C exclude each other", "keep one of them");
  return options.limit === undefined && !hasTimeFlag(options) ? { ...options, limit: FIRST_ROWS } : options;
}

export interface FollowSetup {
  readonly options: Options;
  readonly prepared: PreparedQuery;
  readonly engine: Engine;
  readonly io: CommandIo;
  /** Waits so many milliseconds; rejects when the signal is aborted. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Follows until `io.signal` is aborted or nobody reads any more. Throws CliError for queries that cannot be followed. */
export async function follow(setup: FollowSetup): Promise<number> {
  const { options, prepared, io } = setup;
  const scan = checkFollowed(prepared);
  const signal = AbortSignal.any([io.signal, io.out.closed]);
  const pause = setup.pause ?? ((ms, stop) => wait(ms, undefined, { signal: stop }));
  const isS3 = scan.store.kind === "s3";
  if (!options.quiet) note(io, followNotice(scan, isS3 ? S3_EVERY_MS : DIRECTORY_EVERY_MS));

  const writer = await firstRows(setup, signal);
  const clusters = prepared.context.clusters;
  const seen = scan.objects;
  const objects = followObjects({
    store: scan.store,
    clusters,
    from: scan.window.range.from,
    seen,
    now: () => io.now(),
  });
  const troubles = sayOnce((message) => note(io, message));
  let everyMs = isS3 ? S3_EVERY_MS : DIRECTORY_EVERY_MS;
  while (!signal.aborted) {
    try {
      await pause(everyMs, signal);
      const fresh = await objects.look(signal);
      if (fresh.length > 0) await showNew(setup, fresh, writer, signal, troubles);
      else troubles.over();
      if (isS3) everyMs = fresh.length > 0 ? S3_EVERY_MS : S3_QUIET_EVERY_MS;
    } catch (error) {
      if (signal.aborted) break;
      if (!(error instanceof CliError) || error.exitCode === EXIT.usage) throw error;
      // The store cannot be reached: it may come back, and so do we.
      troubles.say(`${error.message}; trying again`);
    }
  }
  return EXIT.ok;
}

function checkFollowed({ statement, scan, choice }: PreparedQuery): Scan & { readonly store: Store } {
  if (choice.engine === "athena") {
    throw new CliError("-f does not ask Athena: each look would be billed", "read the store itself: -f -e local");
  }
  if (scan === null || statement.kind !== "rows") {
    const hint = "follow rows: write a condition or select *, and aggregate what comes: logq -f … -o ndjson | …";
    throw new CliError("-f shows rows as they come, and this query's result is known at its end only", hint);
  }
  if (statement.ordered || statement.limited || statement.parsed.syntax.root.offsetAt !== null) {
    throw new CliError(
      "-f shows rows in the order in which they come",
      "leave ORDER BY, LIMIT and OFFSET out; --limit N is for the first rows",
    );
  }
  if (scan.window.range.to !== null) {
    throw new CliError(
      "-f goes on from now, and the query's own condition on time ends",
      "leave the end of the time out",
    );
  }
  return { ...scan, store: scan.store! };
}

function followNotice({ store, objects }: Scan & { readonly store: Store }, everyMs: number): string {
  const intervalMs = uploadIntervalMs(objects);
  const measured = intervalMs === null ? "" : `, lately every ${Math.max(1, Math.round(intervalMs / 1000))} s`;
  return `following ${store.location}: rows come when agents upload them (upload_timeout${measured}), new objects are looked for every ${everyMs / 1000} s; Ctrl-C ends`;
}

interface Writer {
  readonly renderer: Renderer;
  readonly projection: Projection;
}

async function firstRows({ options, prepared, engine, io }: FollowSetup, signal: AbortSignal): Promise<Writer> {
  try {
    await using running = await runQuery(prepared, engine, signal);
    const { result, reversed } = running;
    const writer = openWriter(result, options, prepared, io);
    const rows = await readRows(result, prepared.rowsMax);
    await io.out.write(textOf(reversed ? rows.toReversed() : rows, writer));
    return writer;
  } catch (error) {
    throw grepMistake((error as Error).message, options.scope) ?? error;
  }
}

function openWriter(result: Result, options: Options, prepared: PreparedQuery, io: CommandIo): Writer {
  const terminal = io.stdout.isTTY === true;
  const wanted = options.output ?? (terminal ? "log" : "ndjson");
  const shown = projection(result.columns, prepared.fields, options.zone);
  io.onColumns?.(shown.columns);
  // Else `log` is a table, and that is written when it ends.
  const format = wanted === "log" && !isLogShaped(shown.columns) ? "logfmt" : wanted;
  return {
    renderer: createRenderer(format, shown.columns, { terminal, color: usesColor(options, io) }),
    projection: shown,
  };
}

async function readRows(result: Result, rowsMax: number | null): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of result.batches) rows.push(...batch);
  return rows.slice(0, rowsMax ?? undefined);
}

/** Shows the rows of new objects; what cannot be read is skipped, and said. */
async function showNew(
  setup: FollowSetup,
  fresh: readonly StoredObject[],
  writer: Writer,
  signal: AbortSignal,
  troubles: Troubles,
): Promise<void> {
  try {
    await showObjects(setup, fresh, writer, signal);
    troubles.over();
  } catch (error) {
    if (signal.aborted) return;
    if (fresh.length === 1) {
      troubles.say(`skipped ${fresh[0]!.key}: ${(error as Error).message}`);
      return;
    }
    // One of them is broken, or was deleted meanwhile: the rows of the others are due.
    for (const object of fresh) await showNew(setup, [object], writer, signal, troubles);
  }
}

async function showObjects(
  { prepared, engine, io }: FollowSetup,
  objects: readonly StoredObject[],
  { renderer, projection: shown }: Writer,
  signal: AbortSignal,
): Promise<void> {
  const asked: PreparedQuery = {
    ...prepared,
    scan: { ...prepared.scan!, objects },
    lower: (files) => prepared.lower(files, "all, oldest first"),
  };
  await using running = await runQuery(asked, engine, signal);
  // Sorted, so the objects have been read when the first row comes: an error leaves nothing half shown.
  for await (const batch of running.result.batches) await io.out.write(textOf(batch, { renderer, projection: shown }));
}

function textOf(rows: readonly Row[], { renderer, projection: shown }: Writer): string {
  return renderer.rows(rows.map(shown.convert));
}

interface Troubles {
  say(message: string): void;
  /** What was said before is news again. */
  over(): void;
}

function sayOnce(tell: (message: string) => void): Troubles {
  let last: string | null = null;
  return {
    say(message) {
      if (message !== last) tell(message);
      last = message;
    },
    over() {
      last = null;
    },
  };
}
