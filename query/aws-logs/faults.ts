import { counted } from "../footer.ts";

/** What was left out of the files of a query. */
export interface Faults {
  /** Of the file that is read now. */
  add(what: string): void;
  /** Of that file, up to now. */
  readonly count: number;
}

/** Counts what is left out, by its kind, with the first file of each. */
export function createFaults(): { of(name: string): Faults; lines(): string[] } {
  const kinds = new Map<string, { count: number; first: string }>();
  return {
    of(name) {
      let count = 0;
      return {
        get count() {
          return count;
        },
        add(what) {
          count++;
          const kind = kinds.get(what) ?? { count: 0, first: name };
          kinds.set(what, { ...kind, count: kind.count + 1 });
        },
      };
    },
    lines: () =>
      [...kinds].map(
        ([what, { count, first }]) => `left out: ${plural(count, what)} (${count === 1 ? "in" : "first in"} ${first})`,
      ),
  };
}

function plural(count: number, what: string): string {
  const [noun, ...rest] = what.split(" ");
  const words = [counted(count, noun!), ...rest].join(" ");
  if (count === 1) return words;
  return words.replace(/ that (is|was|ends) /, (_, verb: string) => ` that ${PLURAL[verb]!} `);
}

const PLURAL: Readonly<Record<string, string>> = { is: "are", was: "were", ends: "end" };
