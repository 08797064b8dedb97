import { COLUMNS, PARTITION_COLUMNS } from "../../config/table.ts";
import { EXIT } from "../cli-error.ts";
import type { Result } from "../engine/engine.ts";
import { parseOptions } from "../options.ts";
import { show } from "../show.ts";
import { usesColor } from "../style.ts";
import type { Command } from "./command.ts";

export const schema: Command = {
  usage: "schema [-o FORMAT]",
  help: "",
  async run(argv, io) {
    const options = parseOptions(argv);
    const terminal = io.stdout.isTTY === true;
    await show(
      columnsOfTable(),
      {
        format: options.output ?? (terminal ? "table" : "ndjson"),
        style: { terminal, color: usesColor(options, io) },
        zone: options.zone,
        rowsMax: null,
        reversed: false,
        fields: null,
        write: (text) => io.out.write(text),
      },
      io.signal,
    );
    return EXIT.ok;
  },
};

function columnsOfTable(): Result {
  const names = ["name", "type", "partition", "meaning"];
  const stored = COLUMNS.map(({ name, type, meaning }) => [name, type, false, meaning]);
  const partitions = PARTITION_COLUMNS.map((name) => [name, "varchar", true, PARTITION_MEANINGS[name]]);
  return {
    columns: names.map((name) => ({ name, type: name === "partition" ? "boolean" : "varchar" })),
    batches: (async function* () {
      yield [...stored, ...partitions];
    })(),
  };
}

const PARTITION_MEANINGS: Readonly<Record<(typeof PARTITION_COLUMNS)[number], string>> = {
  cluster: "the agent's service.cluster",
  dt: "day of ts in UTC: 2026-11-21",
  hour: "hour of ts in UTC: 00 to 23",
};
