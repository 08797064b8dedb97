/** Objects as the agent writes them: one row group per pod unless said otherwise. */
import { createParquetEncoder } from "../../../agent/encode/parquet/parquet-encoder.ts";
import { batchOf, encode, HOUR_NS, originOf } from "../../agent/encode/rows.ts";

export interface PodRows {
  readonly pod: string;
  readonly rows: number;
  /** Of each message; not compressible. Default 40. */
  readonly logBytes?: number;
  /** Seconds of the hour at which the rows begin; one is written each second. */
  readonly atSeconds?: number;
}

export interface ObjectOptions {
  readonly node?: string;
  /** All pods in one row group. */
  readonly oneGroup?: boolean;
  readonly keyValue?: Readonly<Record<string, string>>;
  /** When the hour begins. */
  readonly hourNs?: bigint;
}

/** `HOUR_NS`'s partition. */
export const PARTITION = "cluster=prod/dt=2026-11-21/hour=05";

export async function objectOf(pods: readonly PodRows[], options: ObjectOptions = {}): Promise<Buffer> {
  const { node = "node-1", oneGroup = false, keyValue = {}, hourNs = HOUR_NS } = options;
  const bytes = oneGroup ? 1 << 30 : 1;
  const rowGroups = { rowGroupCompressedBytes: bytes, sharedRowGroupCompressedBytes: bytes };
  const batches = pods.map(({ pod, rows, logBytes = 40, atSeconds = 0 }) => {
    const origin = originOf({ pod, node, workload: pod.split("-")[0]!, file: `${node}/${pod}/main/f` });
    const lines = Array.from({ length: rows }, (_, i) => ({
      log: noise(`${pod} ${i}`, logBytes),
      ns: hourNs + BigInt(atSeconds + i) * 1_000_000_000n,
      pos: i * 100,
      stream: "stdout" as const,
      level: i % 2 === 0 ? ("info" as const) : ("error" as const),
    }));
    return batchOf(origin, lines);
  });
  return await encode(createParquetEncoder({ compression: "zstd", ...rowGroups, keyValue }), batches);
}

/** The same text for the same seed. */
function noise(seed: string, length: number): string {
  let state = 0;
  for (const char of seed) state = (Math.imul(state, 31) + char.charCodeAt(0)) | 0;
  let text = `${seed} `;
  while (text.length < length) {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) | 0;
    text += (state >>> 0).toString(36);
  }
  return text.slice(0, Math.max(length, seed.length));
}
