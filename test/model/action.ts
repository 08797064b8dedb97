import * as fc from "fast-check";
import { LANGUAGES, type Language } from "./traces.ts";

/** What may happen to the logs of a node. Data: a list of them is a script that can be shrunk, printed and played again. `pod` counts modulo the pods there are. */
export type NodeAction =
  | { readonly do: "write"; readonly pod: number; readonly stream: 0 | 1; readonly lines: number }
  | { readonly do: "partial"; readonly pod: number; readonly stream: 0 | 1 }
  | TraceAction
  | { readonly do: "tear"; readonly pod: number; readonly stream: 0 | 1 }
  | { readonly do: "rotate"; readonly pod: number; readonly times: number; readonly lines: number }
  | { readonly do: "failRotation"; readonly pod: number; readonly lines: number }
  /** A process that knows nothing of the rotation writes to a rotated file. */
  | { readonly do: "writeLate"; readonly pod: number; readonly lines: number }
  | { readonly do: "gzip"; readonly pod: number }
  | { readonly do: "truncate"; readonly pod: number; readonly copies: boolean; readonly lines: number }
  | { readonly do: "restart"; readonly pod: number; readonly swaps: boolean; readonly lines: number }
  | { readonly do: "delete"; readonly pod: number }
  | { readonly do: "create"; readonly lines: number }
  | { readonly do: "clutter"; readonly what: "dangling" | "directory" | "loop" };

/** The first `lines` lines of a record that has several are written, and the others before whatever comes next. */
export interface TraceAction {
  readonly do: "trace";
  readonly pod: number;
  readonly stream: 0 | 1;
  readonly language: Language;
  readonly frames: number;
  readonly lines: number;
}

/** For an agent that joins lines (`MULTILINE`). */
export function traceActions(): { weight: number; arbitrary: fc.Arbitrary<TraceAction> }[] {
  const arbitrary = fc.record({
    do: fc.constant("trace"),
    pod: fc.nat(7),
    stream: fc.constantFrom(0 as const, 1 as const),
    language: fc.constantFrom(...LANGUAGES),
    frames: fc.integer({ min: 1, max: 30 }),
    lines: fc.integer({ min: 1, max: 40 }),
  });
  return [{ weight: 8, arbitrary }];
}

/** Random node actions; writing is the most frequent. */
export function nodeActions(linesMax: number): { weight: number; arbitrary: fc.Arbitrary<NodeAction> }[] {
  const pod = fc.nat(7);
  const stream = fc.constantFrom(0 as const, 1 as const);
  const lines = fc.nat(linesMax);
  const flag = fc.boolean();
  return [
    {
      weight: 12,
      arbitrary: fc.record({ do: fc.constant("write"), pod, stream, lines: fc.integer({ min: 1, max: linesMax }) }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant("partial"), pod, stream }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("tear"), pod, stream }) },
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constant("rotate"), pod, times: fc.constantFrom(1, 1, 1, 2, 3, 6), lines }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("failRotation"), pod, lines }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("writeLate"), pod, lines }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("gzip"), pod }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("truncate"), pod, copies: flag, lines }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("restart"), pod, swaps: flag, lines }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("delete"), pod }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("create"), lines }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant("clutter"), what: fc.constantFrom("dangling", "directory", "loop") }),
    },
  ];
}
