import type { FilterConfig } from "../../../config/config.ts";
import { createRecordFilters } from "../../../agent/filter/create.ts";
import { Rows } from "../../../agent/filter/rows.ts";
import { CUT, STREAM, type Batch, type Origin } from "../../../agent/record.ts";
import { load } from "../../config/fixture.ts";
import { originOfFile, recordsOf, T0_MS } from "../fixture.ts";

export const POD = { pod: "web-0", namespace: "shop", container: "app", podId: "uid-1", labels: { app: "web" } };

/** Rows of messages a second apart, `rawBytes` 10, 20, 30 …; `between` stands before each of them. */
export function rowsOf(messages: readonly string[], origin = originOfFile("f", POD), between = "##"): Rows {
  const bytes = Buffer.from(messages.map((message) => between + message).join(""));
  let at = 0;
  const ends = messages.map((message) => (at += between.length + Buffer.byteLength(message)));
  const batch: Batch = {
    origin,
    bytes,
    count: messages.length,
    start: Uint32Array.from(ends, (end, row) => end - Buffer.byteLength(messages[row]!)),
    end: Uint32Array.from(ends),
    pos: Float64Array.from(messages, (_, row) => row * 100),
    seconds: Float64Array.from(messages, (_, row) => T0_MS / 1000 + row),
    nanos: Uint32Array.from(messages, () => 5),
    stream: new Uint8Array(messages.length).fill(STREAM.stderr),
    level: new Uint8Array(messages.length),
    cut: new Uint8Array(messages.length).fill(CUT.none),
    records: null,
    merge: null,
  };
  return new Rows({ batch, rawBytes: Uint32Array.from(messages, (_, row) => 10 + row * 10) });
}

export const logsOf = (rows: Rows) => rows.parts().flatMap(({ batch }) => recordsOf(batch).map(({ log }) => log));

const FILTERS = new Map<string, readonly FilterConfig[]>();

/** The filters of a configuration, given as the items of YAML's `filters`. */
export function filtersOf(yaml: string): readonly FilterConfig[] {
  const known = FILTERS.get(yaml) ?? readFilters(yaml);
  FILTERS.set(yaml, known);
  return known;
}

function readFilters(yaml: string): readonly FilterConfig[] {
  const filters = yaml.trimEnd().replaceAll("\n", "\n    ");
  const { config, problems } = load(
    `pipeline:\n  inputs: [{name: tail, tag: kube.*, path: /a}]\n  filters:\n    ${filters}\n  outputs: [{name: "null", match: "*"}]\n`,
  );
  if (config === null) throw new Error(problems.join("\n"));
  return config.filters;
}

/** What filters leave of messages of one file. */
export function filtered(yaml: string, messages: readonly string[], origin?: Origin): string[] {
  const rows = rowsOf(messages, origin);
  applyFilters(yaml, rows);
  return logsOf(rows);
}

/** Applies filters to rows, as one shipment. */
export function applyFilters(yaml: string, rows: Rows): void {
  const shipment = {};
  for (const filter of createRecordFilters(filtersOf(yaml)))
    if (filter.matches(rows.tag)) filter.open(rows.origin, shipment)?.apply(rows);
}
