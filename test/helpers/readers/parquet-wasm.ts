import { readFileSync } from "node:fs";
import { tableFromIPC } from "apache-arrow";
import { ParquetFile } from "parquet-wasm";
import { ROW_COLUMNS, type ReadRows } from "./reader.ts";

export const readWithParquetWasm: ReadRows = async (path, visit) => {
  const file = await ParquetFile.fromFile(new Blob([readFileSync(path)]));
  try {
    const groups = file.metadata().numRowGroups();
    for (let group = 0; group < groups; group++) {
      const wasmTable = await file.read({ rowGroups: [group], columns: ROW_COLUMNS });
      const table = tableFromIPC(wasmTable.intoIPCStream());
      const vectors = ROW_COLUMNS.map((name) => table.getChild(name));
      for (let row = 0; row < table.numRows; row++) {
        const [ts, tsNs, pos, stream, log, cut, logFile, podId, container] = vectors.map((vector) => vector?.get(row));
        visit({ tsMs: Number(ts), tsNs, pos: Number(pos), stream, log, cut, file: logFile, podId, container });
      }
    }
  } finally {
    file.free();
  }
};
