import type { QueryColumn } from "./definition.ts";

/** What the folders of AWS's own logs say: `AWSLogs/<account>/<service>/<region>/yyyy/mm/dd/`. */
export const ACCOUNT: QueryColumn = {
  name: "account",
  type: "varchar",
  meaning: "the account that the files are of",
};
export const REGION: QueryColumn = { name: "region", type: "varchar", meaning: "the region that the files are of" };

/** The day of a row's own time, in each engine's SQL: the folder's may be the next one. */
export function day(duckDb: string, trino: string): QueryColumn {
  return { name: "dt", type: "varchar", meaning: "day of ts in UTC: 2026-11-21", duckDb, trino, hive: null };
}
