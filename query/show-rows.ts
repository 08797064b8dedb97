import type { CommandIo } from "./cli-io.ts";
import type { ResultColumn, Value } from "./engine/engine.ts";
import type { Options } from "./options.ts";
import { show } from "./show.ts";
import { usesColor } from "./style.ts";

/** Writes rows that no query gave, as a table on a terminal and as ndjson in a pipe. A column's type is varchar unless said. */
export async function showRows(
  columns: readonly (string | ResultColumn)[],
  rows: readonly (readonly Value[])[],
  options: Options,
  io: CommandIo,
): Promise<void> {
  const terminal = io.stdout.isTTY === true;
  const result = {
    columns: columns.map((column) =>
      typeof column === "string" ? { name: column, type: "varchar" as const } : column,
    ),
    batches: (async function* () {
      yield rows;
    })(),
  };
  await show(
    result,
    {
      format: options.output ?? (terminal ? "table" : "ndjson"),
      style: { terminal, color: usesColor(options, io) },
      zone: options.zone,
      rowsMax: null,
      reversed: false,
      fields: options.fields,
      onColumns: io.onColumns,
      write: (text) => io.out.write(text),
    },
    io.signal,
  );
}
