import { CLOUDTRAIL } from "./cloudtrail.ts";
import type { TableDefinition } from "./definition.ts";
import { LOGS } from "./logs.ts";

/** Every table that a query may read. */
export const TABLES: readonly TableDefinition[] = [LOGS, CLOUDTRAIL];

/** A table by its name in any case; null if there is none. */
export function tableNamed(name: string): TableDefinition | null {
  return TABLES.find((table) => table.name === name.toLowerCase()) ?? null;
}
