import { Assembler } from "../../../../agent/parser/assembler.ts";
import type { MultilineConfig } from "../../../../config/multiline.ts";
import { cri, originOfFile, recordsOf, T0_MS, type SeenRecord } from "../../fixture.ts";

/** The records of a text, what is open at its end included. */
export function recordsFrom(
  text: string,
  parsers: MultilineConfig["parsers"],
  changes: { framing?: "cri" | "docker" | "plain"; skipEmpty?: boolean; flushTimeoutMs?: number } = {},
): { records: SeenRecord[]; logs: string[]; assembler: Assembler; rawBytes: number[] } {
  const { framing = "cri", skipEmpty = false, flushTimeoutMs = 4000 } = changes;
  const bytes = Buffer.from(text);
  const options = { framing, skipEmpty, multiline: { parsers, flushTimeoutMs } };
  const assembler = new Assembler({ id: "file-1", origin: originOfFile("file-1") }, options, T0_MS);
  const records: SeenRecord[] = [];
  const rawBytes: number[] = [];
  const take = (): void => {
    const taken = recordsOf(assembler.take());
    records.push(...taken);
    rawBytes.push(...assembler.rawBytes.subarray(0, taken.length));
  };
  const consume = (from: number): number =>
    assembler.consume(bytes, from, bytes.length, 0, { torn: false, pieces: false, valid: true });
  for (let at = consume(0); assembler.due; at = consume(at)) take();
  while (assembler.endOpen(bytes.length, false)) take();
  return { records, logs: records.map(({ log }) => log), assembler, rawBytes };
}

/** Lines of one stream as CRI lines, all at one time. */
export function criLines(text: string, stream: "stdout" | "stderr" = "stdout", atMs = T0_MS): string {
  return text
    .split("\n")
    .map((line) => cri(stream, "F", line, atMs))
    .join("");
}
