/**
 * The one definition of the table `logs`: its columns, its partitions and where its objects lie. The agent's encoders,
 * the query engines, the DDL and the docs all read it from here.
 *
 *   <prefix>/cluster=<c>/dt=YYYY-MM-DD/hour=HH/<node>-<life>-<output>-<seq>[-hHH].parquet
 *
 * Partition values are strings, in UTC, by event time: every record lies in the partition of its own `ts`.
 */

type ColumnType = "timestamp" | "bigint" | "varchar" | "map(varchar,varchar)";

export interface TableColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** Whether a row may have no value here. */
  readonly nullable: boolean;
  /** One sentence for `logq schema` and the docs. */
  readonly meaning: string;
}

/** In storage order. No name is a reserved word of SQL. */
export const COLUMNS = [
  { name: "ts", type: "timestamp", nullable: false, meaning: "event time, UTC, to the millisecond" },
  { name: "ts_ns", type: "bigint", nullable: false, meaning: "event time in nanoseconds since 1970: the exact order" },
  { name: "source", type: "varchar", nullable: false, meaning: "application, dataplane, host or control-plane" },
  { name: "namespace", type: "varchar", nullable: true, meaning: "Kubernetes namespace" },
  {
    name: "workload",
    type: "varchar",
    nullable: true,
    meaning: "the owner people know: Deployment, DaemonSet, StatefulSet, CronJob …",
  },
  { name: "pod", type: "varchar", nullable: true, meaning: "pod name" },
  { name: "container", type: "varchar", nullable: true, meaning: "container name" },
  { name: "node", type: "varchar", nullable: false, meaning: "node name" },
  { name: "stream", type: "varchar", nullable: true, meaning: "stdout or stderr" },
  {
    name: "level",
    type: "varchar",
    nullable: true,
    meaning: "trace, debug, info, warn, error or fatal; null if unknown",
  },
  {
    name: "log",
    type: "varchar",
    nullable: false,
    meaning: "the message as written, partial lines joined; bytes that are not UTF-8 are U+FFFD",
  },
  { name: "labels", type: "map(varchar,varchar)", nullable: true, meaning: "pod labels" },
  { name: "image", type: "varchar", nullable: true, meaning: "container image" },
  { name: "pod_id", type: "varchar", nullable: true, meaning: "pod UID" },
  { name: "file", type: "varchar", nullable: false, meaning: "node/pod_id/container/<random id of the log file>" },
  { name: "pos", type: "bigint", nullable: false, meaning: "byte offset in `file` where the record starts" },
  {
    name: "cut",
    type: "varchar",
    nullable: true,
    meaning: "null for a whole record; 'limit': cut at 1 MiB, the next row goes on; 'end': its file ended inside it",
  },
] as const satisfies readonly TableColumn[];

/** The partition columns, outermost first; all of them strings. */
export const PARTITION_COLUMNS = ["cluster", "dt", "hour"] as const;

/** One sentence each, as for columns. */
export const PARTITION_MEANINGS: Readonly<Record<(typeof PARTITION_COLUMNS)[number], string>> = {
  cluster: "the agent's service.cluster",
  dt: "day of ts in UTC: 2026-11-21",
  hour: "hour of ts in UTC: 00 to 23",
};

/** Every value of column `level`, in ascending severity: `level >= warn` compares by this order. */
export const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

/** Every value of column `stream`. */
export const STREAM_NAMES = [null, "stdout", "stderr"] as const;

/** Every value of column `cut`. */
export const CUT_NAMES = [null, "limit", "end"] as const;

/** Partition values of one event hour. `hour` counts whole hours since 1970-01-01T00:00Z. */
export function partitionOfHour(hour: number): { dt: string; hour: string } {
  const iso = new Date(hour * 3_600_000).toISOString();
  return { dt: iso.slice(0, 10), hour: iso.slice(11, 13) };
}

export interface ObjectName {
  readonly cluster: string;
  readonly node: string;
  /** Identity of the state folder: 80 random bits in hex. */
  readonly life: string;
  /** Identity of the output within the agent's configuration. */
  readonly output: string;
  /** Number of the shipment within its output. */
  readonly seq: number;
  /** Whole hours since 1970 of every record in the object. */
  readonly hour: number;
  /** Whether it is the shipment's first object; the name of any further one says its hour. */
  readonly first: boolean;
  readonly extension: "parquet" | "json.gz" | "json.zst" | "json";
}

/** The key of one object below the output's prefix. Every part is made safe for a path segment and a Hive partition. */
export function objectKey(name: ObjectName): string {
  const suffix = name.first ? "" : `-h${partitionOfHour(name.hour).hour}`;
  const base = `${segment(name.node)}-${name.life}-${segment(name.output)}-${name.seq}${suffix}.${name.extension}`;
  return `${partitionPath(name.cluster, name.hour)}/${base}`;
}

/** Where the objects of one event hour lie, below the output's prefix. */
export function partitionPath(cluster: string, hour: number): string {
  const values = partitionOfHour(hour);
  return `cluster=${segment(cluster)}/dt=${values.dt}/hour=${values.hour}`;
}

/** Tells the objects of one output of one state folder, under whatever name of the node: where they lie, and their names. */
export function objectNames(name: Pick<ObjectName, "cluster" | "life" | "output">): {
  prefix: string;
  isOwn: (baseName: string) => boolean;
} {
  const infix = `-${name.life}-${segment(name.output)}-`;
  const isOwn = (baseName: string): boolean => {
    const at = baseName.indexOf(infix);
    return at > 0 && /^\d+(-h\d\d)?\.(parquet|json)/.test(baseName.slice(at + infix.length));
  };
  return { prefix: `cluster=${segment(name.cluster)}/`, isOwn };
}

/** What the base name of an object says, as `objectKey` wrote it; null for a name that is none of ours. */
export function parseObjectName(baseName: string): Pick<ObjectName, "node" | "life" | "output" | "seq"> | null {
  const match = /^(.+?)-([0-9a-f]{20})-(.+)-(\d+)(?:-h\d\d)?\.(?:parquet|json)/.exec(baseName);
  if (match === null) return null;
  const [, node, life, output, seq] = match;
  return { node: decodeSegment(node!), life: life!, output: decodeSegment(output!), seq: Number(seq) };
}

/** What was written as one segment of a key (percent-encoded). */
export function decodeSegment(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone % in a name that somebody else gave
  }
}

/** Percent-encodes what Hive escapes in partition paths, and everything that would leave the path segment. */
function segment(text: string): string {
  const safe = text
    .toWellFormed()
    .replace(/[^A-Za-z0-9._-]/gu, (char) => encodeURIComponent(char).replace(/[!'()*]/g, hexEscape));
  return safe === "." || safe === ".." ? safe.replaceAll(".", "%2E") : safe;
}

function hexEscape(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
}
