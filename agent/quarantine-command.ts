import { join } from "node:path";
import { parseArgs } from "node:util";
import { ConfigError } from "../config/problem.ts";
import { printable } from "./telemetry/printable.ts";
import { listQuarantine, readQuarantined, requestReplay, type QuarantineFile } from "./state/quarantine.ts";

export const QUARANTINE_USAGE = `Usage: logq-agent quarantine list -c CONFIG [--json]
       logq-agent quarantine replay -c CONFIG (NAME ... | --all)

Records that can't be encoded, or that a service refuses for good, are kept in the state folder's quarantine/.

  list                 one line for each shipment that left records out: name, state, records, bytes, time, first reason;
                       tabs between them, or a table on a terminal
  replay NAME ...      has them shipped again, with the next shipment of their output; what fails again comes back
  -c, --config CONFIG  the agent's configuration file, which names the state folder
      --json           a line of JSON each
      --all            all that wait
  -h, --help           print this, and exit

It may be used while the agent runs. Exit codes: 0 done, 1 failure, 2 wrong usage or configuration.
`;

interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTerminal: boolean;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** Runs `logq-agent quarantine …` (its arguments without `quarantine`); resolves to the exit code. */
export async function runQuarantine(argv: readonly string[], around: Surroundings): Promise<number> {
  const { out, err } = around;
  const asked = readArguments(argv);
  if (typeof asked === "string") {
    err(`logq-agent: ${asked}\nTry 'logq-agent quarantine --help'.\n`);
    return 2;
  }
  if (asked.help) {
    out(QUARANTINE_USAGE);
    return 0;
  }
  try {
    const { loadConfig } = await import("../config/load.ts");
    const directory = join(loadConfig(asked.config, around.env).config.service.storagePath, "quarantine");
    if (asked.action === "list") await list(directory, asked.json, around);
    else await replay(directory, asked.names, out);
    return 0;
  } catch (error) {
    if (error instanceof ConfigError) {
      err(`${error.message}\n`);
      return 2;
    }
    err(`logq-agent: ${(error as Error).message}\n`);
    return 1;
  }
}

interface Arguments {
  readonly help: boolean;
  readonly action: "list" | "replay";
  readonly config: string;
  readonly json: boolean;
  /** Null: all that wait. */
  readonly names: readonly string[] | null;
}

/** Returns what is wrong with them as text. */
function readArguments(argv: readonly string[]): Arguments | string {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        config: { type: "string", short: "c" },
        json: { type: "boolean", default: false },
        all: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    return (error as Error).message.split(/\. (?=To specify)|\n/)[0] ?? "";
  }
  const { values, positionals } = parsed;
  const [action, ...names] = positionals;
  const { help, json, all, config = "" } = values;
  if (help) return { help, action: "list", config, json, names: null };
  if (action !== "list" && action !== "replay") return `${["quarantine", action].join(" ").trim()}: say list or replay`;
  if (config === "") return "no configuration; name one with -c CONFIG";
  if (action === "list" && (names.length > 0 || all)) return "quarantine list takes no name";
  if (action === "replay" && names.length > 0 === all) return "quarantine replay: say which by NAME, or --all";
  return { help, action, config, json, names: all ? null : names };
}

async function list(directory: string, json: boolean, { isTerminal, out }: Surroundings): Promise<void> {
  const rows: string[][] = [];
  for (const file of await listQuarantine(directory)) {
    const { records, reason } = await summarize(file);
    const { name, output, seq, state, bytes } = file;
    const time = new Date(file.modifiedMs).toISOString();
    if (json) out(`${JSON.stringify({ name, output, seq, state, records, bytes, time, reason })}\n`);
    else rows.push([name, state, String(records), String(bytes), time, reason.replaceAll(/\s+/g, " ")].map(printable));
  }
  if (json) return;
  if (isTerminal) out(table([["NAME", "STATE", "RECORDS", "BYTES", "TIME", "REASON"], ...rows]));
  else out(rows.map((row) => `${row.join("\t")}\n`).join(""));
}

async function replay(directory: string, names: readonly string[] | null, out: (text: string) => void): Promise<void> {
  const waiting = (await listQuarantine(directory)).filter(({ state }) => state === "waiting").map(({ name }) => name);
  const unknown = names?.filter((name) => !waiting.includes(name)) ?? [];
  if (unknown.length > 0)
    throw new Error(
      `cannot replay ${unknown.join(", ")}: nothing of that name waits in ${directory}; see quarantine list`,
    );
  for (const name of names ?? waiting) {
    await requestReplay(directory, name);
    out(`${name}: shipped again with the next shipment of its output\n`);
  }
}

async function summarize(file: QuarantineFile): Promise<{ records: number; reason: string }> {
  let records = 0;
  let reason = "";
  for await (const record of readQuarantined(file.path)) {
    if (records === 0) ({ reason } = record);
    records++;
  }
  return { records, reason };
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i]!))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}
