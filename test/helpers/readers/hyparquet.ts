import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { EXACT_STRINGS } from "./exact-strings.ts";
import { ROW_COLUMNS, type ReadRows } from "./reader.ts";

interface Row {
  readonly ts: Date;
  readonly ts_ns: bigint;
  readonly pos: bigint;
  readonly stream: string | null;
  readonly log: string;
  readonly cut: string | null;
  readonly file: string;
  readonly pod_id: string | null;
  readonly container: string | null;
}

export const readWithHyparquet: ReadRows = async (path, visit) => {
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    const rows = await parquetReadObjects({
      file,
      metadata,
      compressors,
      parsers: EXACT_STRINGS,
      columns: ROW_COLUMNS,
      rowStart,
      rowEnd,
    });
    for (const { ts, ts_ns, pos, stream, log, cut, file: logFile, pod_id, container } of rows as unknown as Row[]) {
      visit({
        tsMs: ts.getTime(),
        tsNs: ts_ns,
        pos: Number(pos),
        stream: stream ?? null,
        log,
        cut: cut ?? null,
        file: logFile,
        podId: pod_id ?? null,
        container: container ?? null,
      });
    }
    rowStart = rowEnd;
  }
};
