import type { KubernetesFilterConfig, MergeLogConfig } from "../../../config/filter/kubernetes.ts";
import type { ParserConfig } from "../../../config/parser-config.ts";
import { findParser } from "../../../config/parsers.ts";
import { fieldsOfFile, mergeFields, mergeLog, withFields } from "../../log-record.ts";
import { createParser, type Parser } from "../../parser/parser.ts";
import { STREAM, type Origin } from "../../record.ts";
import type { BatchFilter } from "../filter.ts";
import { setParsed } from "../parsed.ts";
import type { Rows } from "../rows.ts";

type Config = Pick<KubernetesFilterConfig, "mergeParser" | "podParsers"> & { readonly mergeLog: MergeLogConfig };

/** How many pods are remembered of which it was said that they name a parser that is not there. */
const SAID_MAX = 10_000;

/**
 * `merge_log`: what becomes of the messages of a file. Its pod may suggest a parser for each stream (`k8s-logging.parser`),
 * else `merge_parser` reads them, else they are merged where they are JSON, which costs nothing before somebody asks for it.
 */
export function createMerging(config: Config, warn: (message: string) => void): (origin: Origin) => BatchFilter | null {
  // Of a journal from before there were any they are absent.
  const { mergeLog: merge, mergeParser = null, podParsers = null } = config;
  const parsers = new Map<string, Parser | null>();
  const ofConfig = mergeParser === null ? null : createParser(mergeParser, warn);
  const said = new Set<string>();

  function suggested(origin: Origin, name: string | undefined): Parser | null {
    if (name === undefined || podParsers === null) return ofConfig;
    if (!parsers.has(name)) parsers.set(name, create(findParser(name, podParsers), warn));
    const parser = parsers.get(name)!;
    if (parser === null) sayUnknown(origin, name);
    return parser ?? ofConfig;
  }

  function sayUnknown({ namespace, pod, podId }: Origin, name: string): void {
    const key = podId ?? `${namespace}/${pod}`;
    if (said.has(key) || said.size >= SAID_MAX) return;
    said.add(key);
    warn(`filter kubernetes: pod ${namespace}/${pod} suggests the parser "${name}", which is not defined; ${IGNORED}`);
  }

  return (origin) => {
    // Fluent Bit's filter leaves records alone whose tag is no container's.
    if (origin.pod === null || origin.record !== undefined) return null;
    const { stdout, stderr } = origin.podDetails?.parsers ?? {};
    const byStream: (Parser | null)[] = [];
    byStream[STREAM.stdout] = suggested(origin, stdout);
    byStream[STREAM.stderr] = suggested(origin, stderr);
    // A record that says no stream may be of either.
    byStream[STREAM.none] = stdout === stderr ? byStream[STREAM.stdout]! : ofConfig;
    if (byStream.every((parser) => parser === null)) return { apply: (rows) => rows.mergeLog(merge) };
    return { apply: (rows) => mergeParsed(rows, byStream, merge) };
  };
}

const IGNORED = "the annotation has no effect; define the parser, or mend the annotation";

function create(config: ParserConfig | null, warn: (message: string) => void): Parser | null {
  return config === null ? null : createParser(config, warn);
}

function mergeParsed(rows: Rows, byStream: readonly (Parser | null)[], merge: MergeLogConfig): void {
  const { stream } = rows.batch;
  const mergesOthers = byStream.includes(null);
  for (let row = 0; row < rows.count; row++) {
    const parser = byStream[stream[row]!]!;
    if (parser === null || !rows.keeps(row)) continue;
    // A text that its parser does not take stays, though it may be JSON.
    if (!parseRow(rows, row, parser, merge) && mergesOthers) rows.setRecord(row, rows.record(row));
  }
  if (mergesOthers) rows.mergeLog(merge, (row) => byStream[stream[row]!] === null);
}

/** Whether the row is another record now. */
function parseRow(rows: Rows, row: number, parser: Parser, merge: MergeLogConfig): boolean {
  const record = rows.record(row);
  const { log } = record;
  const parsed = typeof log === "string" ? parser.parse(log, rows.seconds(row)) : null;
  if (parsed !== null) {
    const merged = mergeFields(record, parsed.fields, merge);
    setParsed(rows, row, withFields(merged, Object.entries(fieldsOfFile(rows.origin))), parsed);
  }
  // What is a map already is merged as it is.
  else if (typeof log !== "string") rows.setRecord(row, mergeLog(record, merge));
  else return false;
  return true;
}
