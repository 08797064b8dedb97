import { hash } from "node:crypto";

/**
 * Messages that can be checked without their source: `<key>#<seq> ` and a hash of that, repeated as often as `seq` says.
 * A key names a stream, so that what was lost, repeated or changed is seen from the stored rows alone.
 */
export function messageOf(key: string, seq: number): string {
  const name = `${key}#${seq}`;
  return `${name} ${hash("md5", name).repeat(repeatsOf(seq))}`;
}

/** Which message a stored text begins as, or null if it is the rest of one. */
export function nameOf(text: string): { key: string; seq: number } | null {
  const groups = /^(?<key>[^#\s]+)#(?<seq>\d+) /.exec(text)?.groups;
  return groups === undefined ? null : { key: groups["key"]!, seq: Number(groups["seq"]) };
}

/** Bytes of a message before its hash: a line torn behind them can still be told. */
export function headBytes(key: string, seq: number): number {
  return `${key}#${seq} `.length;
}

/** The same in DuckDB's SQL: the columns `key`, `seq` and `exact` of a table with a column `log`. */
export const MESSAGE_COLUMNS_SQL = `
  nullif(regexp_extract(log, '^([^#\\s]+)#\\d+ ', 1), '') AS key,
  try_cast(nullif(regexp_extract(log, '^[^#\\s]+#(\\d+) ', 1), '') AS BIGINT) AS seq,
  log = concat(key, '#', seq, ' ', repeat(md5(concat(key, '#', seq)),
    1 + (seq * 31) % 17 + CASE WHEN seq % 101 = 0 THEN 600 ELSE 0 END)) AS exact`;

/** 50 to 600 bytes; one in 101 takes 20 KB. */
function repeatsOf(seq: number): number {
  return 1 + ((seq * 31) % 17) + (seq % 101 === 0 ? 600 : 0);
}
