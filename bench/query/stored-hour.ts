import { gzipSync } from "node:zlib";
import { createJsonLinesEncoder } from "../../agent/encode/json-lines.ts";
import { createParquetEncoder } from "../../agent/encode/parquet/parquet-encoder.ts";
import { createDateField } from "../../agent/encode/time-field.ts";
import type { ObjectEncoder } from "../../agent/encode/encoder.ts";
import { dictionariesOf, hasValueWithin } from "../../query/store/parquet/dictionary.ts";
import { footerBytes, readFooter, TRAILER_BYTES } from "../../query/store/parquet/footer.ts";
import { isNeededColumn, neededGroups } from "../../query/store/parquet/select.ts";
import type { Need } from "../../query/store/store.ts";
import type { Shipment } from "./shipments.ts";

/** An object of Parquet per shipment, as the agent writes them; `rawBytes` are those of the lines in the node's files. */
export async function encodeParquet(shipments: Iterable<Shipment>): Promise<{ objects: Buffer[]; rawBytes: number }> {
  const objects: Buffer[] = [];
  let total = 0;
  for (const { batches } of shipments) {
    const encoder = createParquetEncoder({ compression: "zstd" });
    const chunks: Buffer[] = [];
    for (const { batch, rawBytes } of batches) {
      encoder.append(batch, 0, batch.count);
      await drain(encoder, chunks);
      total += rawBytes;
    }
    objects.push(await finish(encoder, chunks));
  }
  return { objects, rawBytes: total };
}

interface JsonHour {
  readonly bytes: number;
  readonly objects: number;
  readonly podBytes: ReadonlyMap<string, number>;
  /** Before gzip. */
  readonly textBytes: number;
  readonly records: number;
  /** Of the messages alone, in UTF-8. */
  readonly messageBytes: number;
}

/** An object per pod and shipment, by gzip at its usual level. */
export async function encodeJson(shipments: Iterable<Shipment>): Promise<JsonHour> {
  const podBytes = new Map<string, number>();
  let bytes = 0;
  let objects = 0;
  let textBytes = 0;
  let records = 0;
  let messageBytes = 0;
  const date = createDateField("date", "iso8601");
  for (const { batches } of shipments) {
    const texts = new Map<string, { encoder: ObjectEncoder; chunks: Buffer[] }>();
    for (const { batch, pod } of batches) {
      let text = texts.get(pod.pod);
      if (text === undefined) {
        text = { encoder: createJsonLinesEncoder({ compression: "none", date }), chunks: [] };
        texts.set(pod.pod, text);
      }
      text.encoder.append(batch, 0, batch.count);
      records += batch.count;
      for (let row = 0; row < batch.count; row++) messageBytes += batch.end[row]! - batch.start[row]!;
      await drain(text.encoder, text.chunks);
    }
    for (const [name, { encoder, chunks }] of texts) {
      const text = await finish(encoder, chunks);
      const { length } = gzipSync(text);
      textBytes += text.length;
      podBytes.set(name, (podBytes.get(name) ?? 0) + length);
      bytes += length;
      objects++;
    }
  }
  return { bytes, objects, podBytes, textBytes, records, messageBytes };
}

/**
 * Footers, and of the row groups that statistics leave the columns used; where the dictionary of `pod` says that it is
 * not there, that dictionary only.
 */
export function bytesRead(files: readonly Buffer[], need: Need): number {
  const isNeeded = isNeededColumn(need);
  let bytes = 0;
  for (const file of files) {
    const length = footerBytes(file) + TRAILER_BYTES;
    const footer = readFooter(file.subarray(file.length - length, file.length - TRAILER_BYTES));
    bytes += length;
    for (const group of neededGroups(footer, need)) {
      const dictionaries = dictionariesOf(footer, group, need.bounds);
      const absent = dictionaries.find((at) => !hasValueWithin(file.subarray(at.start, at.end), at));
      const chunks = absent === undefined ? group.chunks.filter(isNeeded) : [absent];
      for (const { start, end } of chunks) bytes += end - start;
    }
  }
  return bytes;
}

async function drain(encoder: ObjectEncoder, chunks: Buffer[]): Promise<void> {
  for (const chunk of await encoder.take()) chunks.push(Buffer.from(chunk));
}

async function finish(encoder: ObjectEncoder, chunks: Buffer[]): Promise<Buffer> {
  for (const chunk of await encoder.finish()) chunks.push(Buffer.from(chunk));
  encoder.release();
  return Buffer.concat(chunks);
}
