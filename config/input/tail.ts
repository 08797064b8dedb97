import path from "node:path";

import { RUNTIME_FRAMINGS, type Framing } from "../framing.ts";
import type { MultilineConfig } from "../multiline.ts";
import { multilineNames, multilineOf } from "../multiline-parsers.ts";
import type { OptionGroup } from "../option.ts";
import type { ParserConfig } from "../parser-config.ts";
import { findParser, parserNameProblem } from "../parsers.ts";
import { onOff, refuseOption, type Plugin, type Reading } from "../plugin.ts";
import { describe } from "../problem.ts";
import { entryNamed, placeOfOption, type RawSection } from "../raw.ts";
import { LOG_ONCE, NO_BUFFER, NO_WORKERS, ONE_LOG_LEVEL, ONLY_OUTPUTS_HAVE_NAMES, POSITIONS } from "../reasons.ts";
import { formatDuration } from "../scalar.ts";
import { readSettings } from "../settings.ts";

export interface TailConfig {
  readonly plugin: "tail";
  /** With `*` replaced by the file's path, slashes as dots (Fluent Bit's rule). */
  readonly tag: string;
  /** Globs (glob(3): `*` never matches a slash), absolute. */
  readonly path: readonly string[];
  /** Patterns on the whole path, as fnmatch(3) without flags (Fluent Bit's rule): here `*` matches slashes too. */
  readonly excludePath: readonly string[];
  readonly framing: Framing;
  /** How lines are joined to records; null: each is one, but for CRI's partial ones. */
  readonly multiline: MultilineConfig | null;
  /** What makes records of lines; null: they are taken as they are. A filter before all others applies it. */
  readonly parser: ParserConfig | null;
  /** Lines without a message are left out. */
  readonly skipEmptyLines: boolean;
  readonly refreshIntervalMs: number;
  readonly readFromHead: boolean;
  /** A file that was last written longer ago is not taken up; null: however old it is. */
  readonly ignoreOlderMs: number | null;
  /** ours: column `source`; null: what the path says. */
  readonly source: "application" | "dataplane" | "host" | "control-plane" | null;
  /** ours: `links: off` never hard-links, for logs mounted read-only. */
  readonly links: boolean;
}

const LINKS = "rotated files are held by links until they are shipped";

const GROUP = {
  doc: "Follows text files, through rotation and restarts.",
  options: {
    tag: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Tag of the records, where `*` stands for the file's path with dots for slashes; without it `tail.0`, `tail.1` and so on.",
    },
    path: {
      type: "list",
      default: null,
      required: true,
      origin: "fluent-bit",
      doc: "Patterns of the files to follow; `*`, `?` and `[…]` as in a shell, none of which match a slash.",
    },
    exclude_path: {
      type: "list",
      default: "",
      origin: "fluent-bit",
      doc: "Patterns of files to leave out, compared with the whole path; here `*` matches slashes too.",
    },
    refresh_interval: {
      type: "duration",
      default: "60s",
      min: "100ms",
      max: "1h",
      origin: "fluent-bit",
      doc: "How often folders are listed anew, should the system's change events have missed a file.",
    },
    read_from_head: {
      type: "boolean",
      default: "on",
      origin: "ours",
      doc: "Whether a file that was never seen is read from its start; off in Fluent Bit, on here, so that nothing is missed.",
    },
    ignore_older: {
      type: "duration",
      default: null,
      origin: "fluent-bit",
      doc: "A file that was last written longer ago than this is not taken up, until it is written again; without it, every file is.",
    },
    parser: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "`cri`: lines are in the form that containerd and CRI-O write; `docker`: in that of Docker's json-file driver; any other parser: its fields are the record and its time the record's, as a filter `parser` before the others does it for the input's tag. A line that does not fit it, and without it every line, is taken as it is.",
    },
    "multiline.parser": {
      type: "list",
      default: "",
      origin: "fluent-bit",
      doc: "How lines are joined to records. `cri` (or `docker, cri`): lines are in the form that containerd and CRI-O write, and partial ones are joined; `docker` alone: the same with the lines of Docker's json-file driver; `java`, `python`, `go`, `ruby`, or parsers of one's own: so are stack traces, each stream by itself. Holds for files found from now on.",
    },
    skip_empty_lines: {
      type: "boolean",
      default: "off",
      origin: "fluent-bit",
      doc: "Whether lines without a message are left out, with `cri` also where a prefix stands before it; holds for files found from now on.",
    },
    source: {
      type: "enum",
      default: null,
      values: ["application", "dataplane", "host", "control-plane"],
      origin: "ours",
      doc: "Column `source` of files found from now on. Without it the path says it: `control-plane` for `kube-apiserver.log` and its like, for audit logs below a folder of Kubernetes, and for static pods of kube-system; `dataplane` for aws-node and kube-proxy there; `application` for other containers; else `host`.",
    },
    links: {
      type: "boolean",
      default: "on",
      origin: "ours",
      doc: "Whether files are held by hard links; off for logs that are mounted read-only.",
    },
  },
  ignored: {
    alias: ONLY_OUTPUTS_HAVE_NAMES,
    buffer_chunk_size: NO_BUFFER,
    buffer_max_size: "a line may be of any length, a record is cut at 1 MiB",
    skip_long_lines: "a line may be of any length, a record is cut at 1 MiB",
    mem_buf_limit: NO_BUFFER,
    "storage.*": NO_BUFFER,
    "thread.*": NO_BUFFER,
    threaded: NO_WORKERS,
    db: `${POSITIONS}; logq-agent migrate --offsets takes over what Fluent Bit left there`,
    "db.*": POSITIONS,
    rotate_wait: LINKS,
    ignore_active_older_files: "a file that was taken up is shipped to its end",
    inotify_watcher: "folders are watched, files are polled",
    watcher_interval: "files are polled every 1 to 5 seconds",
    progress_check_interval: "files are polled every 1 to 5 seconds",
    progress_check_interval_nsec: "files are polled every 1 to 5 seconds",
    static_batch_size: "files share each shipment fairly",
    event_batch_size: "files share each shipment fairly",
    file_cache_advise: "the page cache is left to the system",
    multiline_flush: "open records are flushed when their file ends",
    docker_mode_flush: "partial lines are joined by multiline.parser: cri",
    log_level: ONE_LOG_LEVEL,
    log_suppress_interval: LOG_ONCE,
  },
  later: {
    path_key: "column file says where a row came from",
    offset_key: "column pos is the offset",
    key: "the message is column log",
    exit_on_eof: "run logq-agent with --once",
    tag_regex: "",
    multiline: "use multiline.parser",
    parser_firstline: "use multiline.parser",
    parser_1: "use multiline.parser",
    docker_mode: "use multiline.parser: docker, cri",
    docker_mode_parser: "use multiline.parser: docker, cri",
    "unicode.encoding": "",
    "generic.encoding": "",
    processors: "use filters",
    routes: "use match",
  },
} as const satisfies OptionGroup;

/** Fluent Bit's manual: pipeline/inputs/tail. */
export const TAIL: Plugin<TailConfig> = {
  group: GROUP,
  read(section, reading) {
    const { found, index } = reading;
    const settings = readSettings(GROUP, "input tail", section, found);
    const framings = [
      ...settings["multiline.parser"].map((name) => name.toLowerCase()),
      settings.parser?.toLowerCase(),
    ];
    const config: TailConfig = {
      plugin: "tail",
      tag: settings.tag ?? `tail.${index}`,
      path: settings.path.map((pattern) => path.resolve(pattern)),
      excludePath: settings.exclude_path.map(wholePathPattern),
      framing: RUNTIME_FRAMINGS.find((framing) => framings.includes(framing)) ?? "plain",
      multiline: multilineOf(section, settings["multiline.parser"], reading.multilineParsers, found),
      parser: readLineParser(section, settings, reading),
      skipEmptyLines: settings.skip_empty_lines,
      refreshIntervalMs: settings.refresh_interval,
      readFromHead: settings.read_from_head,
      ignoreOlderMs: settings.ignore_older,
      source: settings.source,
      links: settings.links,
    };
    checkPath(config, section, reading);
    return config;
  },
  render: (tail) => ({
    tag: tail.tag,
    path: tail.path,
    exclude_path: tail.excludePath.length > 0 ? tail.excludePath : null,
    refresh_interval: formatDuration(tail.refreshIntervalMs),
    read_from_head: onOff(tail.readFromHead),
    ignore_older: tail.ignoreOlderMs === null ? null : formatDuration(tail.ignoreOlderMs),
    parser: tail.parser?.name ?? null,
    "multiline.parser": namesOf(tail),
    skip_empty_lines: tail.skipEmptyLines ? "on" : null,
    source: tail.source,
    links: onOff(tail.links),
  }),
};

/** A parser other than `cri` and `docker`, which are framings. */
function readLineParser(
  section: RawSection,
  settings: { readonly parser: string | null; readonly "multiline.parser": readonly string[] },
  { parsers, found }: Reading,
): ParserConfig | null {
  const name = settings.parser;
  if (name === null || ["cri", "docker"].includes(name.toLowerCase())) return null;
  const problem = parserNameProblem(name, parsers);
  if (problem !== null) refuseOption(section, "parser", problem, found);
  if (settings["multiline.parser"].length === 0) return findParser(name, parsers);
  const { place, keyPath } = placeOfOption(section, "parser");
  const message = "accepted without effect: multiline.parser reads the lines; add a filter named parser";
  found.notices.push(describe(place, keyPath, message));
  return null;
}

/** `cri` and `docker` say how lines are framed; the others join them. */
function namesOf({ framing, multiline }: TailConfig): readonly string[] | null {
  const names = [...(framing === "plain" ? [] : [framing]), ...multilineNames(multiline)];
  return names.length === 0 ? null : names;
}

function wholePathPattern(pattern: string): string {
  if (pattern.startsWith("*")) return pattern;
  return pattern.includes("/") ? path.resolve(pattern) : `*/${pattern}`;
}

function checkPath(input: TailConfig, section: RawSection, { found }: Reading): void {
  const entry = entryNamed(section, "path");
  if (entry === undefined) return;
  const refuse = (message: string): void => refuseOption(section, "path", message, found);
  if (entry.value !== "" && input.path.length === 0) refuse("has no pattern; name at least one file");
  const written = typeof entry.value === "string" ? entry.value.split(",") : (entry.value ?? []);
  for (const pattern of written.map((each) => each.trim())) {
    if (pattern.endsWith("/")) refuse(`${pattern} is a folder; name files, such as ${pattern}*.log`);
    if (/\[[^\]]*$/.test(pattern))
      refuse(`${pattern} has a [ without a ]; close it, or write \\[ for the character itself`);
    if (pattern.includes("**")) {
      const message = `${pattern}: ** is the same as * and does not enter folders`;
      found.notices.push(describe(entry.valuePlace, entry.keyPath, message));
    }
  }
}
