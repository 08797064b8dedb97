import { gunzipSync, zstdDecompressSync } from "node:zlib";

const INFLATE = { none: (data: Buffer) => data, gzip: gunzipSync, zstd: zstdDecompressSync } as const;

/** The messages in Firehose's records, each of which must hold whole lines. */
export function linesOf(records: readonly Buffer[], compression: keyof typeof INFLATE = "none"): string[] {
  return records.flatMap((record) => {
    const text = INFLATE[compression](record).toString();
    if (!text.endsWith("\n")) throw new Error(`a record does not end with a line's end: ${text.slice(-100)}`);
    return text
      .slice(0, -1)
      .split("\n")
      .map((line) => (JSON.parse(line) as { log: string }).log);
  });
}
