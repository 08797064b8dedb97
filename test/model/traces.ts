import type { Extent } from "./expectation.ts";

export const LANGUAGES = ["java", "python", "go", "own"] as const;
export type Language = (typeof LANGUAGES)[number];

/** In the agent's configuration: what joins the lines of each language. */
export const MULTILINE = "cri, java, python, go, own";
export const OWN_PARSER = `
multiline_parsers:
  - name: own
    type: regex
    rules:
      - { state: start_state, regex: '/^\\[\\d+\\] /', next_state: cont }
      - { state: cont, regex: '/^  \\| /', next_state: cont }
`;
/** Fluent Bit's default `flush_timeout`: an open record that nothing has continued for longer is shipped as it is. */
const FLUSH_TIMEOUT_MS = 4000;

/** A line of a record that has several. */
interface TraceLine {
  readonly text: string;
  readonly extent: Extent;
  /** How far the clocks had moved when it was written. */
  readonly movedMs: number;
}

/** A record of several lines, as far as they were written. */
export interface Trace {
  readonly key: string;
  readonly lines: readonly TraceLine[];
}

/** The lines of a record that each language's parser joins; `id` stands in most of them. */
export function linesOf(language: Language, id: string, frames: number): string[] {
  const numbers = Array.from({ length: frames }, (_, index) => index + 1);
  switch (language) {
    case "java": {
      const at = numbers.map((n) => `\tat com.example.Shop.order${n}(Shop.java:${n}) ${id}/${n}`);
      return [
        `java.lang.IllegalStateException: ${id}`,
        ...at,
        `Caused by: java.io.IOException: ${id}/io`,
        "\t... 7 more",
      ];
    }
    case "python": {
      const calls = numbers.flatMap((n) => [`  File "/app/shop.py", line ${n}, in order`, `    order("${id}/${n}")`]);
      return ["Traceback (most recent call last):", ...calls, `ValueError: ${id}`];
    }
    case "go": {
      const calls = numbers.flatMap((n) => [`main.order(0x${n})`, `\t/app/main.go:${n} +0x1d ${id}/${n}`]);
      return [`panic: ${id}`, "", "goroutine 1 [running]:", ...calls];
    }
    default:
      return [`[${frames}] ${id}`, ...numbers.map((n) => `  | ${id}/${n}`)];
  }
}

/** Lines as the agent joins them: one after an empty line needs no separator. */
function joined(lines: readonly TraceLine[]): string {
  return lines.reduce((text, line, index) => {
    if (index === 0) return line.text;
    return `${text}${text.endsWith("\n") ? "" : "\n"}${line.text === "" ? "\n" : line.text}`;
  }, "");
}

/**
 * Takes the rows of a trace out of `odd`. All its lines must be there, in one row; it may be in parts where it was quiet for
 * the flush timeout, or its files are not known to follow each other, and anywhere behind that. Returns what is wrong.
 */
export function traceViolations(trace: Trace, odd: Map<string, number>): string[] {
  const { lines } = trace;
  if (lines.some(({ extent }) => !extent.sure)) return [];
  const rows = rowsFrom(lines, 0, breaksOf(lines), odd, new Set());
  if (rows === null) return [`lost or split: a record of ${lines.length} lines: ${lines[0]!.text.slice(0, 100)}`];
  for (const row of rows) odd.set(row, odd.get(row)! - 1);
  return [];
}

/** By line: whether a row may begin with it. */
function breaksOf(lines: readonly TraceLine[]): boolean[] {
  let isBroken = false;
  return lines.map((line, index) => {
    const before = lines[index - 1];
    const isQuiet = before !== undefined && line.movedMs - before.movedMs > FLUSH_TIMEOUT_MS;
    const isElsewhere = before !== undefined && before.extent !== line.extent && before.extent.nameless;
    isBroken ||= isQuiet || isElsewhere;
    return isBroken;
  });
}

function rowsFrom(
  lines: readonly TraceLine[],
  from: number,
  mayBreak: readonly boolean[],
  odd: ReadonlyMap<string, number>,
  dead: Set<number>,
): string[] | null {
  if (from === lines.length) return [];
  if (dead.has(from)) return null;
  for (let to = lines.length; to > from; to--) {
    if (to < lines.length && !mayBreak[to]!) continue;
    const row = joined(lines.slice(from, to));
    if ((odd.get(row) ?? 0) === 0) continue;
    const rest = rowsFrom(lines, to, mayBreak, odd, dead);
    if (rest !== null) return [row, ...rest];
  }
  dead.add(from);
  return null;
}

/**
 * Whether a row is made of lines of traces of which something was taken away, in their order. One that names its trace is
 * there once; others ("Traceback (most recent call last):") are alike in many traces.
 */
export class UnsureLines {
  readonly #byKey = new Map<
    string,
    { readonly named: { readonly text: string; used: boolean }[]; alike: Set<string> }
  >();

  constructor(traces: readonly Trace[]) {
    for (const { key, lines } of traces) {
      if (lines.every(({ extent }) => extent.sure)) continue;
      const known = this.#byKey.get(key) ?? { named: [], alike: new Set<string>() };
      for (const { text } of lines) {
        if (text.includes(key)) known.named.push({ text, used: false });
        else known.alike.add(text);
      }
      this.#byKey.set(key, known);
    }
  }

  take(row: string): boolean {
    const texts = row.split("\n");
    return [...this.#byKey.values()].some(({ named, alike }) => {
      const taken: { used: boolean }[] = [];
      let at = 0;
      const isKnown = texts.every((text) => {
        if (text === "" || alike.has(text)) return true;
        const found = named.findIndex((line, index) => index >= at && !line.used && line.text === text);
        if (found < 0) return false;
        at = found + 1;
        taken.push(named[found]!);
        return true;
      });
      if (isKnown) for (const line of taken) line.used = true;
      return isKnown;
    });
  }
}
