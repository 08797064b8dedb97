/** What the names of AWS's log files say. */
import type { AwsLayout } from "../../config/tables/definition.ts";

export interface LogFile {
  /** Null where the name does not say so: a file that somebody saved. */
  readonly account: string | null;
  readonly region: string | null;
  /** Of the minute that it is named by, in milliseconds since 1970: when AWS wrote it, or its interval began. Null as above. */
  readonly writtenMs: number | null;
}

/**
 * Reads `<account>_<service>_<region>_…_<yyyymmddThhmmZ>_….<extension>`, as the services' user guides have it. A name of
 * another form, but with an extension of the layout's, is a file of unknown time; null for what is no file of the table
 * (a digest, another service's).
 */
export function readFileName(
  path: string,
  { service, extensions, others }: Pick<AwsLayout, "service" | "extensions" | "others">,
): LogFile | null {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (!extensions.some((extension) => name.endsWith(extension)) || /^[._]/.test(name)) return null;
  if (others?.test(name) === true) return null;
  const match = /^(\d{12})_([A-Za-z-]+)_([a-z]{2}[a-z0-9-]*-\d+)_(?:.*_)?(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)Z_/.exec(name);
  if (match === null)
    return /(?:^|\.)\d{12}_[A-Za-z-]+_/.test(name) ? null : { account: null, region: null, writtenMs: null };
  const [, account, named, region, year, month, day, hour, minute] = match;
  if (named !== service) return null;
  const writtenMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:00Z`);
  return { account: account!, region: region!, writtenMs: Number.isNaN(writtenMs) ? null : writtenMs };
}

/** Whether a file may hold events of a range, in nanoseconds since 1970. */
export function mayHold(
  { writtenMs }: LogFile,
  { from, to }: { readonly from: bigint | null; readonly to: bigint | null },
  { lateMs, spanMs }: Pick<AwsLayout, "lateMs" | "spanMs">,
): boolean {
  if (writtenMs === null) return true;
  if (from !== null && BigInt(writtenMs + spanMs) * MS_NS <= from) return false;
  return to === null || BigInt(writtenMs - lateMs) * MS_NS < to;
}

const MS_NS = 1_000_000n;
