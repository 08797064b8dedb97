import { type COLUMNS, CUT_NAMES, LEVELS, STREAM_NAMES } from "../config/table.ts";
import type { RowsOrigin, TableRows } from "./rows.ts";
import { CodeColumn } from "./code-column.ts";
import type { Chunk, Compression } from "./chunk.ts";
import type { ByteSink } from "./byte-sink.ts";
import { DeltaColumn } from "./delta-column.ts";
import { LabelsColumn } from "./labels-column.ts";
import { OriginColumn } from "./origin-column.ts";
import type { OriginRuns } from "./origin-runs.ts";
import type { Leaf } from "./schema.ts";

/** How one column of the table is collected for a row group and written; `log` has its own (LogColumn). */
export interface ColumnEncoder {
  /** Memory held, and bytes that the rows so far will take in the file, about. */
  readonly heldBytes: number;
  readonly storedBytes: number;
  append(batch: TableRows, from: number, to: number): void;
  /** Appends the column's chunks to `out`, whose first byte lies at `base` in the file, and starts anew. */
  close(out: ByteSink, base: number, compression: Compression): Chunk[];
  release(): void;
}

type ColumnName = Exclude<(typeof COLUMNS)[number]["name"], "log">;

/** Every column of the table but `log`: where its values come from and how they are encoded. */
export const CREATE_COLUMN: Record<ColumnName, (leaves: readonly Leaf[], runs: OriginRuns) => ColumnEncoder> = {
  ts: ([leaf]) => new DeltaColumn(leaf!, { values: milliseconds, base: () => 0n }),
  ts_ns: ([leaf]) => new DeltaColumn(leaf!, { values: nanoseconds, base: (second) => BigInt(second) * 1_000_000_000n }),
  source: perOrigin((origin) => origin.source),
  namespace: perOrigin((origin) => origin.namespace),
  workload: perOrigin((origin) => origin.workload),
  pod: perOrigin((origin) => origin.pod),
  container: perOrigin((origin) => origin.container),
  node: perOrigin((origin) => origin.node),
  stream: ([leaf]) => new CodeColumn(leaf!, STREAM_NAMES, (batch) => batch.stream),
  level: ([leaf]) => new CodeColumn(leaf!, [null, ...LEVELS], (batch) => batch.level),
  labels: ([key, value], runs) => new LabelsColumn(key!, value!, runs),
  image: perOrigin((origin) => origin.image),
  pod_id: perOrigin((origin) => origin.podId),
  file: perOrigin((origin) => origin.file),
  pos: ([leaf]) => new DeltaColumn(leaf!, { values: positions, base: () => 0n }),
  cut: ([leaf]) => new CodeColumn(leaf!, CUT_NAMES, (batch) => batch.cut),
};

function perOrigin(valueOf: (origin: RowsOrigin) => string | null) {
  return ([leaf]: readonly Leaf[], runs: OriginRuns): ColumnEncoder => new OriginColumn(leaf!, runs, valueOf);
}

function milliseconds(batch: TableRows, from: number, count: number, out: Float64Array): void {
  const { seconds, nanos } = batch;
  for (let i = 0; i < count; i++) out[i] = seconds[from + i]! * 1000 + ((nanos[from + i]! / 1_000_000) | 0);
}

/** Since the start of `second`: nanoseconds since 1970 do not fit a double. */
function nanoseconds(batch: TableRows, from: number, count: number, out: Float64Array, second: number): void {
  const { seconds, nanos } = batch;
  for (let i = 0; i < count; i++) out[i] = (seconds[from + i]! - second) * 1_000_000_000 + nanos[from + i]!;
}

function positions(batch: TableRows, from: number, count: number, out: Float64Array): void {
  for (let i = 0; i < count; i++) out[i] = batch.pos[from + i]!;
}
