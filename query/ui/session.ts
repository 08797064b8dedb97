/** What the page is told at its start. */
import { COLUMNS, LEVELS, PARTITION_COLUMNS, PARTITION_MEANINGS } from "../../config/table.ts";
import packageJson from "../../package.json" with { type: "json" };
import type { Context } from "../context.ts";

export interface Session {
  /** The name of the context in the settings file; null without one. */
  readonly context: string | null;
  /** A directory or s3://…; null where Athena alone is asked. */
  readonly store: string | null;
  readonly engine: Context["engine"];
  /** Whether a query may cost money on Athena: then nothing should be asked that nobody asked for. */
  readonly athena: boolean;
  readonly zone: string;
  readonly version: string;
  /** The page's defaults: what it may send of the arguments that `logq ui` was started with. */
  readonly args: readonly string[];
  readonly columns: readonly { readonly name: string; readonly type: string; readonly meaning: string }[];
  /** In ascending severity. */
  readonly levels: readonly string[];
}

/** The session of a context and of the page's own arguments. */
export function sessionOf(context: Context, zone: string, args: readonly string[]): Session {
  return {
    context: context.name,
    store: context.store,
    engine: context.engine,
    athena: context.engine === "athena" || (context.engine === "auto" && context.hasAthena),
    zone,
    version: packageJson.version,
    args,
    columns: [
      ...COLUMNS.map(({ name, type, meaning }) => ({ name, type, meaning })),
      ...PARTITION_COLUMNS.map((name) => ({ name, type: "varchar", meaning: PARTITION_MEANINGS[name] })),
    ],
    levels: LEVELS,
  };
}
