import { EXIT } from "../cli-error.ts";
import type { CommandIo } from "../cli-io.ts";
import { counted, footerLine } from "../footer.ts";
import { parseOptions } from "../options.ts";
import { createCollector } from "../patterns/collect.ts";
import { drawTemplates } from "../patterns/draw-templates.ts";
import { readRows } from "../patterns/read-rows.ts";
import { TEMPLATE_COLUMNS, templateRows, valuesOf } from "../patterns/template-rows.ts";
import { readCommandText } from "../query-text.ts";
import { note } from "../report.ts";
import { showRows } from "../show-rows.ts";
import { usesColor } from "../style.ts";
import type { Command } from "./command.ts";

/** Templates shown if `--limit` is not given. */
const LIMIT_DEFAULT = 100;

export const patterns: Command = {
  usage: `patterns [options] ["<query>"]`,
  help: `What the logs say, how often: messages without their numbers, times, addresses,
paths, quoted texts and names: <num>, <time>, <ip>, <path>, <str>, <*>. What all
rows of a pattern have in common is shown. Of a JSON message it is the text of
msg, message, error … The query is a condition or select *; without one, all
rows in scope. Options of queries hold (time, scope, --store, -z), and

  --limit N|all  patterns, those with the most rows (${LIMIT_DEFAULT})
  -o FORMAT      log: bars (default on a terminal); table, ndjson (default in a
                 pipe), json, csv …: n, share, level, workloads, first_ts,
                 last_ts, pattern, example

  logq patterns --since 1h --level warn+
  logq patterns -w shop "log.status >= 500" -o table

All rows are read. Athena gives them as its result: slower than DuckDB, and
--max-scan holds for what it scans.
`,
  async run(argv, io) {
    const options = parseOptions(argv);
    const text = await readCommandText(options, io);
    const collector = createCollector();
    const read = await readRows({ options, text, command: "patterns", collector, side: 0 }, io);
    if (read === null) return EXIT.ok;
    const all = templateRows(collector.finish());
    const shown = all.slice(0, options.limit === undefined ? LIMIT_DEFAULT : (options.limit ?? undefined));
    const format = options.output ?? (io.stdout.isTTY === true ? "log" : "ndjson");
    if (format !== "log") await showRows(TEMPLATE_COLUMNS, shown.map(valuesOf), { ...options, output: format }, io);
    else if (shown.length > 0) {
      await io.out.write(drawTemplates(shown, { width: widthOf(io), color: usesColor(options, io) }));
    }
    if (options.stats || (io.stderr.isTTY === true && !options.quiet)) {
      note(io, footerLine(read, read.scan, options.zone));
    }
    if (!options.quiet) {
      if (read.rows === 0) note(io, "no rows: logq with the same options says why");
      const hidden = all.slice(shown.length);
      const rows = hidden.reduce((sum, row) => sum + row.rows, 0);
      if (hidden.length > 0) {
        note(io, `${counted(hidden.length, "more pattern")} of ${counted(rows, "row")}: --limit all`);
      }
    }
    return read.rows === 0 && options.exitStatus ? EXIT.noRows : EXIT.ok;
  },
};

function widthOf(io: CommandIo): number | null {
  return io.stdout.isTTY === true ? (io.stdout.columns ?? 80) : null;
}
