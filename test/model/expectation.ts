import { messageOf, nameOf } from "./messages.ts";
import { traceViolations, UnsureLines, type Trace } from "./traces.ts";

/**
 * What was written to one inode between two truncations. `sure`: all of it must arrive. Else the file was taken away
 * before the agent can be known to have read it: of each stream the first records may arrive and the rest may not.
 */
export interface Extent {
  sure: boolean;
  /**
   * Its file lost its plain name. If it was the newest that the agent knew, the agent must suspect that files are missing
   * after it: a record that goes on in a later file may then arrive in two rows.
   */
  nameless: boolean;
  readonly inode: number;
  /** By key, the records that lie here whole: [from, to). */
  readonly runs: Map<string, { from: number; to: number }>;
}

/** A record in parts: its fragments lie in several extents, or its container died before it was complete. */
interface Broken {
  readonly key: string;
  readonly seq: number;
  readonly parts: readonly Part[];
  readonly complete: boolean;
}

export interface Part {
  readonly extent: Extent;
  readonly text: string;
}

/** What one output holds. */
export interface Arrived {
  /** Rows that are a message as it was written: by key, ascending, [from, to). */
  readonly ranges: ReadonlyMap<string, readonly { from: number; to: number }[]>;
  /** Messages that have more than one such row. */
  readonly repeated: readonly string[];
  /** The text of every other row. */
  readonly odd: readonly string[];
}

/** The model: what was written, and which of it must have arrived. */
export class Expectation {
  readonly #extents: Extent[] = [];
  readonly #broken = new Map<string, Broken>();
  readonly #traces: Trace[] = [];
  /** Records written, whole or in part. */
  records = 0;
  /** Bytes of files that were truncated, read or not. */
  truncatedBytes = 0;

  newExtent(inode: number): Extent {
    const extent: Extent = { sure: true, nameless: false, inode, runs: new Map() };
    this.#extents.push(extent);
    return extent;
  }

  /** A record is complete, or (`complete: false`) its container died or was truncated in the middle of it. */
  written(key: string, seq: number, parts: readonly Part[], complete = true): void {
    this.records++;
    const { extent } = parts[0]!;
    if (!complete || parts.some((part) => part.extent !== extent)) {
      this.#broken.set(`${key}#${seq}`, { key, seq, parts, complete });
      return;
    }
    const run = extent.runs.get(key);
    if (run === undefined) extent.runs.set(key, { from: seq, to: seq + 1 });
    else run.to = seq + 1;
  }

  /** A record of several lines, whose lines are still to be written. */
  begun(trace: Trace): void {
    this.records++;
    this.#traces.push(trace);
  }

  /** Everything that is wrong with what an output holds; empty: nothing lost but what may be, nothing twice, nothing changed. */
  violations(arrived: Arrived): string[] {
    const found = arrived.repeated.map((name) => `duplicated: ${name}`);
    const left = new Map<string, { from: number; to: number }[]>(
      [...arrived.ranges].map(([key, ranges]) => [key, ranges.map((range) => ({ ...range }))]),
    );
    const odd = new Map<string, number>();
    for (const text of arrived.odd) odd.set(text, (odd.get(text) ?? 0) + 1);
    const unsure = [...this.#broken.values()].filter(isUnsure);
    for (const broken of unsure) splitJoined(broken, unsure, left, odd);
    for (const extent of this.#extents) {
      for (const [key, run] of extent.runs) found.push(...runViolations(key, run, extent.sure, left));
    }
    for (const broken of this.#broken.values()) found.push(...brokenViolations(broken, left, odd));
    for (const trace of this.#traces) found.push(...traceViolations(trace, odd));
    takeUnsure(new UnsureLines(this.#traces), unsure, odd);
    for (const [key, ranges] of left)
      for (const { from, to } of ranges) found.push(`never written: ${key}#${from}..${to - 1}`);
    for (const [text, count] of odd) if (count > 0) found.push(`damaged (${count} times): ${text.slice(0, 100)}`);
    return found;
  }

  /** Records that may be missing, at most. */
  get unsureRecords(): number {
    return this.#extents
      .filter((extent) => !extent.sure)
      .flatMap((extent) => [...extent.runs.values()])
      .reduce((sum, { from, to }) => sum + to - from, 0);
  }
}

/** Lines of records of which something was taken away, perhaps behind the beginning of a line whose end was. */
function takeUnsure(lines: UnsureLines, unsure: readonly Broken[], odd: Map<string, number>): void {
  const beginnings = ["", ...unsure.flatMap(textsOf)];
  for (const [row, count] of odd) {
    let left = count;
    while (left > 0 && beginnings.some((text) => row.startsWith(text) && lines.take(row.slice(text.length)))) left--;
    odd.set(row, left);
  }
}

type Ranges = Map<string, { from: number; to: number }[]>;

function runViolations(key: string, run: { from: number; to: number }, sure: boolean, left: Ranges): string[] {
  const arrived = takeRange(left, key, run.from, run.to);
  const found: string[] = [];
  let at = run.from;
  for (const { from, to } of arrived) {
    // What is missing before something that arrived was not taken away.
    if (from > at) found.push(`lost: ${key}#${at}..${from - 1}`);
    at = to;
  }
  if (sure && at < run.to) found.push(`lost: ${key}#${at}..${run.to - 1}`);
  return found;
}

function brokenViolations(broken: Broken, left: Ranges, odd: Map<string, number>): string[] {
  const { key, seq, parts, complete } = broken;
  const whole = takeRange(left, key, seq, seq + 1).length > 0;
  const text = parts.map((part) => part.text).join("");
  if (!whole && parts.some((part) => part.extent.nameless) && takeSplit(parts, odd)) return [];
  if (!isUnsure(broken)) {
    if (complete) return whole ? [] : [`lost: ${key}#${seq}, whose fragments lie in ${parts.length} parts`];
    // A container that died just before the end of a line wrote all of the message.
    if (whole && text === messageOf(key, seq)) return [];
    return takeOdd(odd, text) ? [] : [`lost: ${key}#${seq}, unfinished: ${text.slice(0, 100)}`];
  }
  // Some of its bytes were taken away: each part arrives once at most, alone or joined with others.
  if (!whole) for (const group of textsOf(broken)) takeOdd(odd, group);
  return [];
}

/** Takes the rows of a record that was split in two between its files; false, and takes none, if they are not there. */
function takeSplit(parts: readonly Part[], odd: Map<string, number>): boolean {
  for (let at = 1; at < parts.length; at++) {
    if (parts[at]!.extent === parts[at - 1]!.extent) continue;
    const [first, second] = [parts.slice(0, at), parts.slice(at)].map((half) => half.map((part) => part.text).join(""));
    if ((odd.get(first!) ?? 0) === 0 || (odd.get(second!) ?? 0) === 0) continue;
    takeOdd(odd, first!);
    takeOdd(odd, second!);
    return true;
  }
  return false;
}

/**
 * Where the end of a record was taken away, perhaps before anybody saw it, its beginning can't but be joined with the next
 * line of its stream: that row counts for both. `unsure`: the records of which something was taken away.
 */
function splitJoined(broken: Broken, unsure: readonly Broken[], left: Ranges, odd: Map<string, number>): void {
  const { key } = broken;
  for (const beginning of textsOf(broken)) {
    for (const text of odd.keys()) {
      if (!text.startsWith(beginning) || text === beginning) continue;
      const whole = wholeIn(text.slice(beginning.length), broken, unsure, left);
      if (whole === null || !takeOdd(odd, text)) continue;
      const ranges = [...(left.get(key) ?? []), ...whole.map((seq) => ({ from: seq, to: seq + 1 }))];
      if (ranges.length > 0)
        left.set(
          key,
          ranges.toSorted((a, b) => a.from - b.from),
        );
      return;
    }
  }
}

/**
 * The whole messages in a text, one or none, if it is what may follow a beginning: the next message, or what is left of
 * later records whose own beginning was taken away, and then the next message or nothing. Null if it is none of that.
 */
function wholeIn(text: string, { key, seq }: Broken, unsure: readonly Broken[], left: Ranges): number[] | null {
  if (text === "") return [];
  const hasArrived = (other: number) => (left.get(key) ?? []).some(({ from, to }) => from <= other && other < to);
  const next = nameOf(text);
  if (next?.key === key && text === messageOf(key, next.seq)) return hasArrived(next.seq) ? null : [next.seq];
  for (const later of unsure) {
    if (later.key !== key || later.seq <= seq || hasArrived(later.seq)) continue;
    for (const rest of textsOf(later)) {
      const whole = text.startsWith(rest) ? wholeIn(text.slice(rest.length), later, unsure, left) : null;
      if (whole !== null) return whole;
    }
  }
  return null;
}

function isUnsure({ parts }: Broken): boolean {
  return parts.some((part) => !part.extent.sure);
}

/** What may arrive of a record of which something was taken away. */
function textsOf({ parts }: Broken): string[] {
  return groupings(parts.map((part) => part.text));
}

/** Every text that some of the parts give when joined in order, longest first. */
function groupings(parts: readonly string[]): string[] {
  const texts: string[] = [];
  for (let bits = 1; bits < 2 ** parts.length; bits++) {
    texts.push(parts.filter((_, index) => (bits & (1 << index)) !== 0).join(""));
  }
  return texts.toSorted((a, b) => b.length - a.length);
}

function takeOdd(odd: Map<string, number>, text: string): boolean {
  const count = odd.get(text) ?? 0;
  if (count > 0) odd.set(text, count - 1);
  return count > 0;
}

/** Removes [from, to) from the ranges of a key and returns what was there of it. */
function takeRange(left: Ranges, key: string, from: number, to: number): { from: number; to: number }[] {
  const ranges = left.get(key) ?? [];
  const taken: { from: number; to: number }[] = [];
  const rest: { from: number; to: number }[] = [];
  for (const range of ranges) {
    const start = Math.max(from, range.from);
    const end = Math.min(to, range.to);
    if (start >= end) {
      rest.push(range);
      continue;
    }
    taken.push({ from: start, to: end });
    if (range.from < start) rest.push({ from: range.from, to: start });
    if (end < range.to) rest.push({ from: end, to: range.to });
  }
  if (rest.length === 0) left.delete(key);
  else left.set(key, rest);
  return taken;
}
