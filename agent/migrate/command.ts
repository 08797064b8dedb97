import { existsSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { ConfigError } from "../../config/problem.ts";
import type { OffsetSource } from "./import-offsets.ts";

export const MIGRATE_USAGE = `Usage: logq-agent migrate FLUENT-BIT-CONF [-o OUT]
       logq-agent migrate --offsets -c CONFIG
       logq-agent migrate (--db DB | --pos-file FILE) ... -c CONFIG

Takes over what Fluent Bit leaves, its configuration and how far it has read the files; and how far Fluentd has.

  FLUENT-BIT-CONF      prints this configuration, with all that it includes, as one file of YAML with remarks
  -o, --output OUT     writes it to this file instead
      --offsets        imports the offsets of every db that CONFIG's tail inputs name
      --db DB          imports those of this database of Fluent Bit's; may be repeated
      --pos-file FILE  imports those of this pos_file of Fluentd's; may be repeated
      --optional       for an init container: a DB or FILE that is missing, or a state folder that an agent has used, is no
                       failure; nothing is imported then
  -c, --config CONFIG  the agent's configuration, in either format; it names the state folder, which must be unused
  -h, --help           print this, and exit

logq-agent reads Fluent Bit's files as they are, so the first is for those who prefer YAML. Offsets: stop the other agent,
import, start logq-agent. Exit codes: 0 done, 1 failure, 2 wrong usage, or a configuration with which the agent does not start.
`;

interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** Runs `logq-agent migrate …` (its arguments without `migrate`); resolves to the exit code. */
export async function runMigrate(argv: readonly string[], around: Surroundings): Promise<number> {
  const { out, err } = around;
  const asked = readArguments(argv);
  if (typeof asked === "string") {
    err(`logq-agent: ${asked}\nTry 'logq-agent migrate --help'.\n`);
    return 2;
  }
  try {
    if (asked.help) out(MIGRATE_USAGE);
    else if (asked.file !== null) return await printYaml(asked.file, asked.output, around);
    else await takeOffsets(asked, around);
    return 0;
  } catch (error) {
    const isConfig = error instanceof ConfigError;
    err(isConfig ? `${error.message}\n` : `logq-agent: ${(error as Error).message}\n`);
    return isConfig ? 2 : 1;
  }
}

interface Arguments {
  readonly help: boolean;
  /** The configuration to print; null: offsets are asked for. */
  readonly file: string | null;
  readonly output: string | null;
  readonly config: string;
  /** Whether those that the configuration names are meant, and not these. */
  readonly offsets: boolean;
  readonly databases: readonly string[];
  readonly posFiles: readonly string[];
  /** Whether having nothing to import, or nowhere, is fine. */
  readonly optional: boolean;
}

/** Returns what is wrong with them as text. */
function readArguments(argv: readonly string[]): Arguments | string {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        output: { type: "string", short: "o" },
        offsets: { type: "boolean", default: false },
        db: { type: "string", multiple: true, default: [] },
        optional: { type: "boolean", default: false },
        "pos-file": { type: "string", multiple: true, default: [] },
        config: { type: "string", short: "c" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    return (error as Error).message.split(/\. (?=To specify)|\n/)[0] ?? "";
  }
  const { values, positionals } = parsed;
  const { help, output = null, offsets, db: databases, "pos-file": posFiles, optional, config = "" } = values;
  const [file = null, ...more] = positionals;
  const asked = { help, file, output, config, offsets, databases, posFiles, optional };
  if (help) return asked;
  const isNamed = databases.length + posFiles.length > 0;
  const wantsOffsets = offsets || isNamed;
  if (more.length > 0) return "migrate takes one configuration";
  if (wantsOffsets === (file !== null))
    return "migrate: name a configuration of Fluent Bit's, or ask for --offsets, --db or --pos-file";
  if (offsets && isNamed)
    return "migrate: --offsets imports what CONFIG names; leave it out beside --db and --pos-file";
  if (wantsOffsets && config === "") return "no configuration; name one with -c CONFIG";
  if (wantsOffsets && output !== null) return "migrate: --output is for a configuration";
  return asked;
}

async function printYaml(file: string, output: string | null, around: Surroundings): Promise<number> {
  const { migrateConfig } = await import("../../config/migrate.ts");
  const { yaml, problems } = migrateConfig(file, around.env);
  if (output === null) around.out(yaml);
  else writeFileSync(output, yaml);
  for (const problem of problems) around.err(`${problem}\n`);
  return problems.length === 0 ? 0 : 2;
}

async function takeOffsets(asked: Arguments, around: Surroundings): Promise<void> {
  const { loadConfig, tailDatabases } = await import("../../config/load.ts");
  const { importOffsets, UsedStateError } = await import("./import-offsets.ts");
  const { storagePath } = loadConfig(asked.config, around.env).config.service;
  const databases = asked.offsets ? tailDatabases(asked.config, around.env) : asked.databases;
  const named = [...(await databasesOfFluentBit(databases)), ...(await posFilesOfFluentd(asked.posFiles))];
  if (named.length === 0)
    throw new Error(`no tail input of ${asked.config} has a db; name one with --db, or a pos_file with --pos-file`);
  const sources = asked.optional ? named.filter(({ path }) => existsSync(path)) : named;
  const summaries = await importOffsets(sources, storagePath).catch((error: unknown) => {
    if (!asked.optional || !(error instanceof UsedStateError)) throw error;
    around.err(`${error.message}\n`);
    return [];
  });
  for (const { source, taken, gone } of summaries) {
    around.out(`${source.path}: ${taken} files go on where ${source.agent} stopped, ${gone.length} are gone\n`);
    for (const name of gone)
      around.err(`${name}: not found any more; if it has another name now, it is read from its start\n`);
  }
}

async function databasesOfFluentBit(paths: readonly string[]): Promise<OffsetSource[]> {
  const { readFluentBitDb } = await import("./fluent-bit-db.ts");
  return paths.map((path) => ({ path, agent: "Fluent Bit", read: readFluentBitDb }));
}

async function posFilesOfFluentd(paths: readonly string[]): Promise<OffsetSource[]> {
  const { readFluentdPosFile } = await import("./fluentd-pos-file.ts");
  return paths.map((path) => ({ path, agent: "Fluentd", read: readFluentdPosFile }));
}
