import { FLOW_FIELDS, flowField } from "../../config/tables/vpc-flow.ts";
import type { Need } from "../store/store.ts";
import { eachLine } from "./each-line.ts";
import type { Faults } from "./faults.ts";
import type { Part } from "./convert.ts";

/**
 * The records of one file of VPC flow logs that a query may need, as they are. What the first line says of the order of their
 * fields holds for all others, so files of one order make one part, which has that line, with names that are columns'.
 */
export async function* flowLines(text: AsyncIterable<Buffer>, { range }: Need, faults: Faults): AsyncGenerator<Part> {
  let order: Order | null = null;
  const lines = eachLine(
    text,
    (line) => {
      if (order !== null) return order.read(line);
      order = orderOf(line, range);
      if (order !== null) return "";
      order = orderOf(DEFAULT_FORMAT, range)!;
      return order.read(line);
    },
    faults,
  );
  for await (const bytes of lines) yield { name: order!.name, head: order!.head, bytes };
}

interface Order {
  /** The same for the same fields. */
  readonly name: string;
  readonly head: string;
  /** What is left of a line: itself, "" if it is not needed, null if it is no record. */
  readonly read: (line: string) => string | null;
}

/** The order that a first line tells; null if it tells none. */
function orderOf(line: string, range: Need["range"]): Order | null {
  const names = line.split(" ");
  if (!names.some((name) => FLOW_FIELDS.includes(name))) return null;
  const timed = names.includes("start") ? "start" : "end";
  const record = recordOf(names, timed);
  const [from, to] = [secondOf(range.from), secondOf(range.to)];
  const read = (found: string): string | null => {
    if (from === null && to === null) return record.test(found) ? found : null;
    const match = record.exec(found);
    if (match === null) return null;
    const second = Number(match[1]); // NaN for "-", which is left to the engine
    return (from !== null && second < from) || (to !== null && second > to) ? "" : found;
  };
  // A field that is not known, or named twice, is not to be mistaken for another one.
  const columns = names.map((name, i) => {
    return FLOW_FIELDS.includes(name) && names.indexOf(name) === i ? flowField(name) : `other_${i}`;
  });
  return { name: `fields-${columns.map(codeOf).join("")}.log`, head: `${columns.join(" ")}\n`, read };
}

function recordOf(names: readonly string[], timed: string): RegExp {
  const fields = names.map((name, i) => (name === timed && names.indexOf(name) === i ? "(\\d{1,10}|-)" : "[^\\0- ]+"));
  return new RegExp(`^${fields.join(" ")}$`);
}

/** Two letters for a column. */
function codeOf(column: string): string {
  const known = FLOW_FIELDS.findIndex((name) => flowField(name) === column);
  return known < 0 ? "zz" : known.toString(36).padStart(2, "0");
}

function secondOf(ns: bigint | null): number | null {
  return ns === null ? null : Number(ns / 1_000_000_000n);
}

/** Of a file whose first line tells nothing: that of version 2. */
const DEFAULT_FORMAT = FLOW_FIELDS.slice(0, 14).join(" ");
