/**
 * Lines that say what they are, so that SQL alone finds what is lost, repeated or different:
 *
 *   <pod: w0000> <seq: 9 digits> <check: 7 digits> <text>
 *
 * `seq` counts the pod's lines from 0. `check` is arithmetic on pod and seq, text and stream depend on seq modulo
 * BLOCK_LINES. A block of that many lines is laid out once; only times, seq and check are patched, which costs the writer
 * a fortieth of a core at 30 MB/s.
 */
export const BLOCK_LINES = 1024;
/** `2026-11-21T09:03:01.123456789Z` */
const TIME_BYTES = 30;
const SEQ_DIGITS = 9;
const CHECK_DIGITS = 7;
const CHECK_MODULUS = 1_000_003;

/** One pod's lines, a block after another. */
export interface LineBlocks {
  /** The block that is written now. */
  readonly bytes: Buffer;
  /** Ends of the CRI lines in `bytes`: a rotation never cuts one (containerd writes whole CRI lines). */
  readonly ends: readonly number[];
  /** Whole records up to and with each end of `ends`; a partial's `P` line completes none. */
  readonly records: readonly number[];
  /** Patches the block to be the pod's `n`-th (lines n × BLOCK_LINES and following), at a time. */
  fill(n: number, atMs: number): void;
}

/** Lays out a pod's block. `partials`: every fourth record is written as two to four CRI lines. */
export function layOutBlocks(pod: string, partials: boolean): LineBlocks {
  const layout = new Layout(pod);
  for (let i = 0; i < BLOCK_LINES; i++) layout.record(i, partials && i % 4 === 1 ? 2 + ((i >> 2) % 3) : 1);
  const bytes = Buffer.from(layout.text);
  return {
    bytes,
    ends: layout.ends,
    records: layout.records,
    fill: (n, atMs) => {
      const time = `${new Date(atMs).toISOString().slice(0, 23)}${String(n % 1_000_000).padStart(6, "0")}Z`;
      for (const at of layout.timeAt) bytes.write(time, at, "latin1");
      for (let i = 0; i < BLOCK_LINES; i++) {
        const seq = n * BLOCK_LINES + i;
        const numbers = `${digits(seq, SEQ_DIGITS)} ${digits(checkOf(pod, seq), CHECK_DIGITS)}`;
        bytes.write(numbers, layout.numbersAt[i]!, "latin1");
      }
    },
  };
}

/** Bytes of a pod's lines `from` to `to` (exclusive) as they lie in its log. */
export function bytesOf(from: number, to: number, partials: boolean): number {
  const { ends, records } = layOutBlocks("w0000", partials);
  const upTo = (seq: number): number => {
    const rest = seq % BLOCK_LINES;
    const inBlock = rest === 0 ? 0 : ends[records.indexOf(rest)]!;
    return Math.floor(seq / BLOCK_LINES) * ends.at(-1)! + inBlock;
  };
  return upTo(to) - upTo(from);
}

export function podName(index: number): string {
  return `w${digits(index, 4)}`;
}

/** What rows must say, in DuckDB's SQL: true for a row of the table `logs` joined with `texts` (i, text, stream). */
export const SQL_SEQ = `try_cast(log[7:${6 + SEQ_DIGITS}] AS BIGINT)`;
export const SQL_IS_RIGHT = `log = concat(pod, ' ', lpad(seq::VARCHAR, ${SEQ_DIGITS}, '0'), ' ',
  lpad(((seq * 7919 + pod[2:]::BIGINT * 31) % ${CHECK_MODULUS})::VARCHAR, ${CHECK_DIGITS}, '0'), ' ', texts.text)
  AND logs.stream = texts.stream`;

/** The rest of a line by its place in the block: 20 to 430 bytes, 220 in the mean, words of two alphabets. */
export function textOf(i: number): string {
  const words: string[] = [];
  const bytesMin = 20 + ((i * 7919) % 390);
  for (let bytes = 0, n = i + 1; bytes < bytesMin;) {
    n = (n * 1_103_515_245 + 12_345) % 2_147_483_648;
    const word = WORDS[n % WORDS.length]! + String((n >> 8) % 1000);
    words.push(word);
    bytes += Buffer.byteLength(word) + 1;
  }
  return words.join(" ");
}

export function streamOf(i: number): "stdout" | "stderr" {
  return i % 5 === 2 ? "stderr" : "stdout";
}

const WORDS = [
  "GET /index?id=",
  "status=",
  "took_ms=",
  '{"user":"u',
  "retry ",
  "level=warn n=",
  "支付",
  "at Frame.",
  "é",
];

function checkOf(pod: string, seq: number): number {
  return (seq * 7919 + Number(pod.slice(1)) * 31) % CHECK_MODULUS;
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, "0");
}

class Layout {
  text = "";
  readonly timeAt: number[] = [];
  readonly numbersAt: number[] = [];
  readonly ends: number[] = [];
  readonly records: number[] = [];
  readonly #pod: string;
  #bytes = 0;

  constructor(pod: string) {
    this.#pod = pod;
  }

  record(i: number, pieces: number): void {
    const head = `${this.#pod} ${"0".repeat(SEQ_DIGITS)} ${"0".repeat(CHECK_DIGITS)} `;
    const rest = Array.from(textOf(i));
    for (let piece = 0; piece < pieces; piece++) {
      const isLast = piece === pieces - 1;
      const part = rest.splice(0, isLast ? rest.length : Math.ceil(rest.length / 2)).join("");
      const prefix = ` ${streamOf(i)} ${isLast ? "F" : "P"} `;
      this.timeAt.push(this.#bytes);
      if (piece === 0) this.numbersAt.push(this.#bytes + TIME_BYTES + prefix.length + this.#pod.length + 1);
      this.#add(`${"0".repeat(TIME_BYTES)}${prefix}${piece === 0 ? head : ""}${part}\n`);
      this.ends.push(this.#bytes);
      this.records.push(isLast ? i + 1 : i);
    }
  }

  #add(line: string): void {
    this.text += line;
    this.#bytes += Buffer.byteLength(line);
  }
}
