/** Makes a table of Glue's, or says in what the one that is there differs. */
import type { GlueCatalog } from "../catalog/glue.ts";
import { driftOf, driftText, glueTableInput, updatedTableInput, type Drift } from "../catalog/glue-table.ts";
import type { HiveTable } from "../catalog/hive-table.ts";

export interface Job {
  readonly isDryRun: boolean;
  readonly isUpdate: boolean;
  readonly say: (line: string) => Promise<void>;
}

/** Whether the table differs, and still does. */
export async function makeTable(
  glue: GlueCatalog,
  wanted: HiveTable,
  { isDryRun, isUpdate, say }: Job,
): Promise<boolean> {
  const { database, table } = wanted;
  const would = isDryRun ? "would create" : "created";
  if (!(await glue.hasDatabase(database))) {
    if (!isDryRun) await glue.createDatabase(database);
    await say(`${would} database ${database}`);
  }
  const found = await glue.readTable(database, table);
  if (found === null) {
    if (!isDryRun) await glue.createTable(database, glueTableInput(wanted));
    await say(`${would} table ${database}.${table} over ${wanted.location}`);
    return false;
  }
  const drift = driftOf(found, wanted);
  if (drift.length === 0) {
    await say(`table ${database}.${table} is as it should be`);
    return false;
  }
  await sayDrift(`table ${database}.${table}`, drift, say);
  if (!isUpdate) return true;
  if (!isDryRun) await glue.updateTable(database, updatedTableInput(found, wanted));
  await say(`${isDryRun ? "would update" : "updated"} table ${database}.${table}`);
  return false;
}

/** Says each difference in a line of its own. */
export async function sayDrift(what: string, drift: readonly Drift[], say: Job["say"]): Promise<void> {
  await say(`${what} differs from its definition:`);
  for (const each of drift) await say(`  ${driftText(each)}`);
}
