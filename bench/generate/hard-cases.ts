import type { LineSource } from "./line-source.ts";

/**
 * Input that breaks log shippers. Every case is a list of chunks, to be appended one by one, so that a rotation may
 * fall between them. `stamp` gives the time of the next fragment.
 */
type HardCase = (source: LineSource, stamp: () => string) => Buffer[];

/** containerd's fragments: a longer line is written as `P` lines of this size and an `F` line. */
const FRAGMENT_BYTES = 16_384;
const MEGABYTE = 1_048_576;

/** In turn, as a container goes on; those above a megabyte are left to a few containers. */
const HARD_CASES: Readonly<Record<string, HardCase>> = {
  partials: (source, stamp) => fragments(message(source, 40_000), "stdout", stamp),
  interleaved: (source, stamp) => {
    const stdout = fragments(message(source, 50_000), "stdout", stamp);
    const stderr = fragments(message(source, 35_000), "stderr", stamp);
    return stdout.flatMap((chunk, i) => [
      chunk,
      ...stderr.slice(i, i + 1),
      ...whole(source, i === 1 ? "stderr" : null, stamp),
    ]);
  },
  emptyLines: (_source, stamp) => [
    line(stamp(), "stdout", "F", Buffer.alloc(0)),
    line(stamp(), "stderr", "F", Buffer.alloc(0)),
  ],
  invalidUtf8: (source, stamp) => {
    const bytes = Buffer.concat([Buffer.from(`${source.takeSequence()} `), INVALID_UTF8, Buffer.from(" end")]);
    return [line(stamp(), "stdout", "F", bytes)];
  },
  // 16,384 is no multiple of 3: the fragments' ends lie inside of characters, the joined record is valid.
  splitCharacters: (source, stamp) =>
    fragments(Buffer.from(`${source.takeSequence()} ${"日志".repeat(6000)}`), "stdout", stamp),
  crlf: (source, stamp) => [
    line(stamp(), "stdout", "F", Buffer.from(`${source.takeSequence()} written on Windows\r`)),
    line(stamp(), "stdout", "F", Buffer.from(`${source.takeSequence()} two of them\r\r`)),
    line(stamp(), "stdout", "F", Buffer.from("\r")),
  ],
  notCri: (source) => [Buffer.from(`${source.takeSequence()} a line without CRI's prefix\n`)],
  tags: (source, stamp) => [
    line(stamp(), "stdout", "P:beta", message(source, 200)),
    line(stamp(), "stdout", "F:alpha:beta", Buffer.from(" and its end")),
  ],
  manyFragments: (source, stamp) => fragments(message(source, 3000), "stderr", stamp, 25),
  escapes: (source, stamp) => [
    line(
      stamp(),
      "stdout",
      "F",
      Buffer.from(`${source.takeSequence()} "quoted" \\ \t \x1b[31mred\x1b[0m \u0000\u2028|`),
    ),
  ],
  megabyte: (source, stamp) => fragments(message(source, MEGABYTE), "stdout", stamp),
  overMegabyte: (source, stamp) => fragments(message(source, MEGABYTE + 100_000), "stdout", stamp),
  overlongLine: (source, stamp) => [
    line(stamp(), "stdout", "F", Buffer.from(`${source.takeSequence()} ${"长".repeat(800_000)}`)),
  ],
};

/** The cases of a container: those of a megabyte are left to every fifth. */
export function hardCasesOf(podIndex: number): HardCase[] {
  return Object.entries(HARD_CASES)
    .filter(([name]) => podIndex % 5 === 0 || !/megabyte|overlong/i.test(name))
    .map(([, hardCase]) => hardCase);
}

/** How a container's file ends: whole, with a torn line, or with a `P` that never gets its `F` (a killed container). */
export function hardEnd(podIndex: number, source: LineSource, stamp: () => string): Buffer[] {
  if (podIndex % 3 === 1) return [line(stamp(), "stdout", "F", message(source, 120)).subarray(0, -1)];
  if (podIndex % 3 === 2) return fragments(message(source, 20_000), "stdout", stamp).slice(0, 1);
  return [];
}

const INVALID_UTF8 = Buffer.from("ff fe c3 28 e2 82 f0 9f 98 ed a0 80 c0 af 80".replaceAll(" ", ""), "hex");

function whole(source: LineSource, stream: string | null, stamp: () => string): Buffer[] {
  return stream === null ? [] : [line(stamp(), stream, "F", message(source, 80))];
}

/** `length` bytes: the sequence number and padding that shows where in the message one is. */
function message(source: LineSource, length: number): Buffer {
  const bytes = Buffer.alloc(length, ".");
  for (let at = 0; at + 8 <= length; at += 64) bytes.write(String(at).padStart(8, "_"), at, "latin1");
  bytes.write(`${source.takeSequence()} `, 0, "latin1");
  return bytes;
}

function fragments(bytes: Buffer, stream: string, stamp: () => string, fragmentBytes = FRAGMENT_BYTES): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += fragmentBytes) {
    const end = Math.min(at + fragmentBytes, bytes.length);
    chunks.push(line(stamp(), stream, end === bytes.length ? "F" : "P", bytes.subarray(at, end)));
  }
  return chunks;
}

function line(time: string, stream: string, tag: string, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${time} ${stream} ${tag} `), bytes, Buffer.from("\n")]);
}
