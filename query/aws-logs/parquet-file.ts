import type { Part } from "./convert.ts";
import type { Faults } from "./faults.ts";

/** AWS ends a file at 75 MB. */
const BYTES_MAX = 256 * 1024 * 1024;
const MAGIC = Buffer.from("PAR1");

/** A Parquet file as it is; nothing of one that is torn. */
export async function* parquetFile(content: AsyncIterable<Buffer>, name: string, faults: Faults): AsyncGenerator<Part> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of content) {
    chunks.push(chunk);
    length += chunk.length;
    if (length <= BYTES_MAX) continue;
    faults.add("Parquet file of more than 256 MiB");
    return;
  }
  const bytes = Buffer.concat(chunks);
  const isWhole = length > 2 * MAGIC.length && MAGIC.equals(bytes.subarray(0, 4)) && MAGIC.equals(bytes.subarray(-4));
  if (isWhole) yield { name, bytes };
  else faults.add("file that is torn or no Parquet");
}
