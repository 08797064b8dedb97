/** `-A`, `-B` and `-C`: shows matches with the rows around them, as grep does. */
import { CliError } from "../cli-error.ts";
import type { CommandIo } from "../cli-io.ts";
import { inUsersText, type Composed } from "../dialect/composed.ts";
import type { TimeRange } from "../dialect/statement.ts";
import type { Engine, ResultColumn } from "../engine/engine.ts";
import type { Options } from "../options.ts";
import { prepare, type PreparedQuery, type Surroundings } from "../prepare.ts";
import { createRenderer, defaultFormat, isLogShaped, type Format, type Row } from "../render/renderer.ts";
import { runQuery, type Taken } from "../run.ts";
import { EMPTY_SCOPE } from "../scope.ts";
import { projection } from "../show.ts";
import { usesColor } from "../style.ts";
import { ADDED_COLUMNS, aroundQuery, keyOf, matchesQuery, type Around, type Match } from "./around-query.ts";
import { blocksOf, type Line } from "./blocks.ts";

export interface AroundSetup {
  readonly options: Options;
  readonly around: Around;
  /** The user's own query. */
  readonly prepared: PreparedQuery;
  readonly at: Surroundings;
  readonly engine: Engine;
  readonly taken: Taken;
  readonly io: CommandIo;
}

/** Matches are held in memory, and their keys are part of the second query. */
const MATCHES_MAX = 1000;
/** The rows around a match may lie beyond the window that it was found in. */
const BEYOND_NS = 3_600_000_000_000n;

/** Shows at most `rowsMax` matches; returns their number and whether there were more. */
export async function showAround(setup: AroundSetup): Promise<{ rows: number; truncated: boolean; reversed: boolean }> {
  const { options, around, prepared, io } = setup;
  const matchesMax = prepared.rowsMax ?? Infinity;
  if (matchesMax > MATCHES_MAX) {
    throw new CliError(
      `-A, -B and -C show at most ${MATCHES_MAX} matches`,
      `leave --limit out, or write --limit ${MATCHES_MAX}`,
    );
  }
  const found = await ask(
    setup,
    matchesQuery(prepared.statement),
    { ...options, limit: matchesMax, fields: null },
    undefined,
  );
  const truncated = found.rows.length > matchesMax;
  const matches: Match[] = found.rows.slice(0, matchesMax).toReversed();
  if (matches.length === 0 || io.signal.aborted) return { rows: 0, truncated: false, reversed: true };

  const all = { ...options, limit: null, fields: null, scope: EMPTY_SCOPE };
  const range = widened(prepared.scan!.window.range);
  const { columns, rows } = await ask(setup, aroundQuery(prepared.statement, matches, around), all, range);
  if (io.signal.aborted) return { rows: 0, truncated: false, reversed: true };
  const blocks = blocksOf(rows, matches.map(keyOf));
  await write(blocks, columns.slice(0, -ADDED_COLUMNS.length), setup);
  return { rows: matches.length, truncated, reversed: true };
}

async function ask(
  { at, engine, io, prepared, taken }: AroundSetup,
  composed: Composed,
  options: Options,
  range: TimeRange | undefined,
): Promise<{ columns: readonly ResultColumn[]; rows: Row[] }> {
  try {
    const same = { ...options, engine: prepared.choice.engine };
    const asked = await prepare(same, composed.text, at, range ?? prepared.scan!.window.range);
    await using running = await runQuery(asked, engine, AbortSignal.any([io.signal, io.out.closed]), taken);
    const rows: Row[] = [];
    for await (const batch of running.result.batches) rows.push(...batch);
    return { columns: running.result.columns, rows };
  } catch (error) {
    throw inUsersText(error, composed);
  }
}

function widened({ from, to }: TimeRange): TimeRange {
  return { from: from === null ? null : from - BEYOND_NS, to: to === null ? null : to + BEYOND_NS };
}

async function write(
  blocks: readonly Line[][],
  columns: readonly ResultColumn[],
  { options, prepared, io }: AroundSetup,
): Promise<void> {
  const terminal = io.stdout.isTTY === true;
  const format = options.output ?? defaultFormat("rows", terminal);
  const style = { terminal, color: usesColor(options, io) };
  const shown = projection(columns, prepared.fields, options.zone);
  if (isText(format, shown.columns)) {
    const renderer = createRenderer(format, shown.columns, style);
    for (const [i, block] of blocks.entries()) {
      const lines = block.map(({ row, isMatch }) => `${isMatch ? ">" : " "} ${renderer.rows([shown.convert(row)])}`);
      await io.out.write(`${i === 0 ? "" : "--\n"}${lines.join("")}`);
    }
    return;
  }
  const withMatch: ResultColumn[] = [...shown.columns, { name: "match", type: "boolean" }];
  io.onColumns?.(withMatch);
  const renderer = createRenderer(format, withMatch, style);
  for (const block of blocks) {
    await io.out.write(renderer.rows(block.map(({ row, isMatch }) => [...shown.convert(row), isMatch])));
  }
  await io.out.write(renderer.end());
}

/** Formats for people, where a column of its own would be no help: matches are marked, blocks set apart. */
function isText(format: Format, columns: readonly ResultColumn[]): boolean {
  return format === "raw" || (format === "log" && isLogShaped(columns));
}
