import { ALB_LATER_FIELDS } from "../../config/tables/alb.ts";
import type { Need } from "../store/store.ts";
import { eachLine } from "./each-line.ts";
import type { Faults } from "./faults.ts";

/**
 * The entries of one file of an ALB's access logs that a query may need, as CSV with a space between fields. A quote inside of a
 * value is `\x22`, as load balancers write it; one after a backslash is understood too.
 */
export function albLines(text: AsyncIterable<Buffer>, { range }: Need, faults: Faults): AsyncGenerator<Buffer> {
  const [from, to] = [timeText(range.from), timeText(range.to)];
  return eachLine(
    text,
    (line) => {
      const entry = entryOf(line);
      if (entry === null) return null;
      const start = entry.indexOf(" ") + 1;
      const time = entry.slice(start, start + SECONDS_LENGTH);
      return (from === null || time >= from) && (to === null || time <= to) ? entry : "";
    },
    faults,
  );
}

function entryOf(line: string): string | null {
  if (ENTRY.test(line)) return line;
  const doubled = line.replaceAll('\\"', '\\""');
  // More fields than are known, of a load balancer of the future, are cut off.
  return ENTRY_AND_MORE.exec(doubled)?.[1] ?? null;
}

const WORD = String.raw`[^\0- "]+`;
const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z`;
const LATER = `{${ALB_LATER_FIELDS.min},${ALB_LATER_FIELDS.max}}`;
const ENTRY = entryPattern(String.raw`"[^\0-\x1f"]*"`, "$");
const ENTRY_AND_MORE = entryPattern(String.raw`"(?:[^\0-\x1f"]|"")*"`, "(?= |$)");

/** Type and time, the load balancer and nine more, the request, the user agent, then what the years added. */
function entryPattern(quoted: string, end: string): RegExp {
  return new RegExp(`^(${WORD} ${TIME}(?: ${WORD}){10} ${quoted} ${quoted}(?: (?:${quoted}|${WORD}))${LATER})${end}`);
}

const SECONDS_LENGTH = "2026-11-21T05:00:00".length;

/** The second of a time, as entries have it: what is not in it, is decided by the engine. */
function timeText(ns: bigint | null): string | null {
  if (ns === null) return null;
  return new Date(Number(ns / 1_000_000n)).toISOString().slice(0, SECONDS_LENGTH);
}
