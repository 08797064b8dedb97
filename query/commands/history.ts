import { CliError, EXIT } from "../cli-error.ts";
import type { ResultColumn } from "../engine/engine.ts";
import { readHistory } from "../history.ts";
import { parseOptions } from "../options.ts";
import { showRows } from "../show-rows.ts";
import type { Command } from "./command.ts";

const SHOWN_DEFAULT = 20;

export const history: Command = {
  usage: "history [N] [-o FORMAT]",
  help: `The last N queries (${SHOWN_DEFAULT}) that ran on a terminal, and all that cost
money, oldest first. usd is what Athena bills, query_id is for logq cancel and
the AWS console. 1,000 are kept, in ~/.local/state/logq/history.jsonl.
`,
  async run(argv, io) {
    const options = parseOptions(argv);
    const [count = String(SHOWN_DEFAULT), ...more] = options.words;
    if (more.length > 0 || !/^[1-9]\d{0,5}$/.test(count)) {
      throw new CliError(`history ${options.words.join(" ")}: not a number of queries`, "write logq history 50");
    }
    const entries = (await readHistory(io.env)).slice(-Number(count));
    const rows = entries.map((entry) => [
      entry.time,
      entry.engine,
      entry.rows === null ? null : BigInt(entry.rows),
      entry.ms,
      entry.bytes === null ? null : BigInt(entry.bytes),
      entry.usd,
      entry.queryId,
      entry.store,
      entry.command,
    ]);
    await showRows(COLUMNS, rows, options, io);
    return EXIT.ok;
  },
};

const COLUMNS: readonly (string | ResultColumn)[] = [
  { name: "time", type: "timestamp" },
  "engine",
  { name: "rows", type: "bigint" },
  { name: "ms", type: "double" },
  { name: "bytes", type: "bigint" },
  { name: "usd", type: "double" },
  "query_id",
  "store",
  "command",
];
