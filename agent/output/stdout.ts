import { once } from "node:events";
import type { Writable } from "node:stream";
import { createJsonLinesEncoder } from "../encode/json-lines.ts";
import type { TimeField } from "../encode/time-field.ts";
import type { Output } from "./output.ts";

/**
 * Writes JSON lines to standard output, as they are read: a pipe has nothing invisible, so a crash repeats at most the
 * shipment in flight.
 */
export function createStdoutOutput(
  id: string,
  recorded: unknown,
  date: TimeField | null,
  stream: Writable = process.stdout,
): Output {
  return {
    id,
    recorded,
    begin: () => {
      const encoder = createJsonLinesEncoder({ compression: "none", date });
      let records = 0;
      let bytes = 0;
      const write = async (chunks: readonly Buffer[]): Promise<void> => {
        for (const chunk of chunks) {
          bytes += chunk.length;
          // A copy: the stream may hold it longer than the encoder does.
          if (!stream.write(Buffer.from(chunk))) await once(stream, "drain");
        }
      };
      return {
        accept: async (batch) => {
          encoder.append(batch, 0, batch.count);
          records += batch.count;
          await write(await encoder.take());
          return true;
        },
        seal: async () => {
          await write(await encoder.finish());
          encoder.release();
          return { keys: [], records, bytes };
        },
        publish: () => Promise.resolve(),
        abandon: () => {
          encoder.release();
          return Promise.resolve();
        },
      };
    },
    isDelivered: () => Promise.resolve(true),
    forbid: () => Promise.resolve(false),
    clean: () => Promise.resolve(),
  };
}
