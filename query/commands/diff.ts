import { EXIT } from "../cli-error.ts";
import type { CommandIo } from "../cli-io.ts";
import { changeOf, CHANGE_COLUMNS, greatest, valuesOf, type Change, type Counted } from "../diff/changes.ts";
import { drawChanges } from "../diff/draw-changes.ts";
import { createFieldCounts, type FieldCounts, type Pair } from "../diff/field-counts.ts";
import { windowsOf, type Windows } from "../diff/windows.ts";
import { counted, footerLine, windowText } from "../footer.ts";
import { parseOptions, type Options } from "../options.ts";
import { createCollector, type Collected } from "../patterns/collect.ts";
import { readRows, type Read } from "../patterns/read-rows.ts";
import { patternOf, type Cell } from "../patterns/shape.ts";
import { readCommandText } from "../query-text.ts";
import { note } from "../report.ts";
import { showRows } from "../show-rows.ts";
import { usesColor } from "../style.ts";
import type { Command } from "./command.ts";

/** Changes shown if `--limit` is not given. */
const LIMIT_DEFAULT = 20;
const OWN_OPTIONS = { against: { type: "string" }, offset: { type: "string" }, at: { type: "string" } } as const;

export const diff: Command = {
  usage: `diff [options] ["<query>"]`,
  help: `What is new, gone, more or less than before: patterns of messages, and values of
level, workload, pod and fields of JSON messages. The query is a condition or
select *; without one, all rows in scope. Options of queries hold, and

  --since 1h     the window (1h), or --from T --to T
  --against 1d   compare with so much time right before it (as much as it has)
  --offset 1d    compare with the same window a day earlier
  --at T         what came after T with as much of what came before: a rollout
  --limit N|all  changes, the greatest first (${LIMIT_DEFAULT})
  -o FORMAT      log: lines (default on a terminal); table, ndjson, json, csv …

  logq diff --since 1h --against 1d -w shop
  logq diff --at 14:30 --level warn+

Rates are rows per hour. score: had nothing changed, each row would be in either
window by its part of the time; score is the distance from that in standard
deviations. Below 3 is chance, and not shown. Both windows are read whole.
`,
  extra: OWN_OPTIONS,
  async run(argv, io) {
    const options = parseOptions(argv, { extra: OWN_OPTIONS });
    const text = await readCommandText(options, io);
    const { against = null, offset = null, at = null } = options.extra as Partial<Record<string, string>>;
    const windows = windowsOf(options.time, { against, offset, at }, { now: io.now(), zone: options.zone });
    const compared = await compare(windows, options, text, io);
    if (compared === null) return EXIT.ok;
    const { changes, reads } = compared;
    const [total, ...others] = changes;
    const shown = others.slice(0, options.limit === undefined ? LIMIT_DEFAULT : (options.limit ?? undefined));
    await write([total!, ...shown], options, io);
    if (!options.quiet) tell(windows, { options, reads, total: total!, hidden: others.length - shown.length }, io);
    return total!.rows[0] + total!.rows[1] === 0 && options.exitStatus ? EXIT.noRows : EXIT.ok;
  },
};

/** Null: only the plans of both queries were asked for, and are written. */
async function compare(
  windows: Windows,
  options: Options,
  text: string | null,
  io: CommandIo,
): Promise<{ changes: Change[]; reads: Read[] } | null> {
  const collector = createCollector();
  const fields = createFieldCounts();
  const read = async (range: Windows["before"], side: 0 | 1): Promise<Read | null> => {
    return await readRows({ options, text, command: "diff", collector, side, range, fields }, io);
  };
  const [before, after] = [await read(windows.before, 0), await read(windows.after, 1)];
  if (before === null || after === null) return null;
  const rows: Counted = { kind: "rows", value: null, rows: [before.rows, after.rows], example: null };
  const all = [...patternCounts(collector.finish()), ...fieldCounts(fields)].map((one) => changeOf(one, windows));
  return { changes: [changeOf(rows, windows), ...greatest(all)], reads: [before, after] };
}

function patternCounts({ templates }: Collected): Counted[] {
  return templates.map((shape) => ({
    kind: "pattern",
    value: patternOf(shape),
    rows: sumOf(shape.cells),
    example: shape.example,
  }));
}

function sumOf(cells: readonly Cell[]): Pair {
  return cells.reduce<Pair>(([before, after], { rows }) => [before + rows[0], after + rows[1]], [0, 0]);
}

function fieldCounts(fields: FieldCounts): Counted[] {
  return Array.from(fields.finish()).flatMap(([kind, values]) =>
    Array.from(values, ([value, rows]) => ({ kind, value, rows, example: null })),
  );
}

async function write(changes: readonly Change[], options: Options, io: CommandIo): Promise<void> {
  const isTerminal = io.stdout.isTTY === true;
  const format = options.output ?? (isTerminal ? "log" : "ndjson");
  if (format !== "log")
    return await showRows(CHANGE_COLUMNS, changes.map(valuesOf), { ...options, output: format }, io);
  const width = isTerminal ? (io.stdout.columns ?? 80) : null;
  await io.out.write(drawChanges(changes, { width, color: usesColor(options, io) }));
}

interface Told {
  readonly options: Options;
  readonly reads: readonly Read[];
  readonly total: Change;
  readonly hidden: number;
}

function tell({ before, after }: Windows, { options, reads, total, hidden }: Told, io: CommandIo): void {
  const [first, second] = [windowText(after, options.zone), windowText(before, options.zone)];
  note(io, `after: ${first}; before: ${second} (${options.zone})`);
  if (options.stats || io.stderr.isTTY === true) {
    for (const read of reads) note(io, footerLine(read, read.scan, options.zone));
  }
  if (total.rows[0] + total.rows[1] === 0) note(io, "no rows: logq with the same options says why");
  if (hidden > 0) note(io, `${counted(hidden, "more change")}: --limit all`);
}
