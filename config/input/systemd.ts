import path from "node:path";

import type { OptionGroup } from "../option.ts";
import { onOff, refuseOption, type Plugin, type Reading } from "../plugin.ts";
import type { RawSection } from "../raw.ts";
import { NO_BUFFER, NO_WORKERS, ONE_LOG_LEVEL, ONLY_OUTPUTS_HAVE_NAMES, POSITIONS } from "../reasons.ts";
import { formatSize } from "../scalar.ts";
import { readSettings } from "../settings.ts";

export interface SystemdConfig {
  readonly plugin: "systemd";
  /** With `*` replaced by the unit that an entry is of. */
  readonly tag: string;
  /** The tag if the file says it: the input is known by it and by its path. */
  readonly ownTag: string | null;
  /** Folder of the journal, absolute; null: this host's own journal. */
  readonly path: string | null;
  /** `FIELD=value`; none: every entry. */
  readonly filters: readonly string[];
  readonly filterType: "or" | "and";
  readonly readFromTail: boolean;
  readonly lowercase: boolean;
  /** One underscore at the start of a field's name goes. */
  readonly stripUnderscores: boolean;
  /** Of an entry; further ones are left out. */
  readonly maxFields: number;
  /** Entries that are appended at once. */
  readonly maxEntries: number;
  /** Bytes of entries that are read and not shipped. */
  readonly totalLimitSizeBytes: number;
}

const GROUP = {
  doc: "Reads the journal of systemd, through restarts, by its program journalctl. An entry's record has its fields as Fluent Bit names them; column `log` is its MESSAGE, `level` its PRIORITY, `container` its unit.",
  options: {
    tag: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Tag of the records, where `*` stands for the unit of an entry (`unknown` without one); without it `systemd.0`, `systemd.1` and so on.",
    },
    path: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Folder of the journal; without it that of the host the agent runs on. In a container, where it is mounted.",
    },
    systemd_filter: {
      type: "texts",
      default: "",
      origin: "fluent-bit",
      doc: "Entries to read, as `FIELD=value` (`_SYSTEMD_UNIT=kubelet.service`, `_TRANSPORT=kernel`, `PRIORITY=3`); may be given several times, and without it every entry is read.",
    },
    systemd_filter_type: {
      type: "enum",
      default: "or",
      values: ["or", "and"],
      origin: "fluent-bit",
      doc: "Whether one of the `systemd_filter` is enough, or all have to hold.",
    },
    read_from_tail: {
      type: "boolean",
      default: "off",
      origin: "fluent-bit",
      doc: "Whether a journal that was never read is read from its end.",
    },
    lowercase: {
      type: "boolean",
      default: "off",
      origin: "fluent-bit",
      doc: "Whether names of fields are written in lower case.",
    },
    strip_underscores: {
      type: "boolean",
      default: "off",
      origin: "fluent-bit",
      doc: "Whether the underscore at the start of a field's name is left out.",
    },
    max_fields: {
      type: "integer",
      default: "8000",
      min: "1",
      max: "100000",
      origin: "fluent-bit",
      doc: "Fields of an entry that are taken; MESSAGE and what the columns are made of are looked for in all.",
    },
    max_entries: {
      type: "integer",
      default: "5000",
      min: "1",
      max: "100000",
      origin: "fluent-bit",
      doc: "Entries that are taken at once.",
    },
    "storage.total_limit_size": {
      type: "size",
      default: "256M",
      min: "1M",
      max: "100G",
      origin: "fluent-bit",
      doc: "Entries that are read and not shipped yet lie in files under `storage.path`; when they are so much, reading waits.",
    },
  },
  ignored: {
    alias: ONLY_OUTPUTS_HAVE_NAMES,
    db: POSITIONS,
    "db.*": POSITIONS,
    mem_buf_limit: NO_BUFFER,
    "storage.type": "entries are written to files before they are shipped",
    "storage.pause_on_chunks_overlimit": "reading waits when storage.total_limit_size is reached",
    "thread.*": NO_BUFFER,
    threaded: NO_WORKERS,
    log_level: ONE_LOG_LEVEL,
    log_suppress_interval: "a journal that can't be read is reported at most once a minute",
  },
  later: {
    processors: "use filters",
    routes: "use match",
  },
} as const satisfies OptionGroup;

/** Fluent Bit's manual: pipeline/inputs/systemd. */
export const SYSTEMD: Plugin<SystemdConfig> = {
  group: GROUP,
  read(section, reading) {
    const settings = readSettings(GROUP, "input systemd", section, reading.found);
    const config: SystemdConfig = {
      plugin: "systemd",
      tag: settings.tag ?? `systemd.${reading.index}`,
      ownTag: settings.tag,
      path: settings.path === null ? null : path.resolve(settings.path),
      filters: settings.systemd_filter,
      filterType: settings.systemd_filter_type,
      readFromTail: settings.read_from_tail,
      lowercase: settings.lowercase,
      stripUnderscores: settings.strip_underscores,
      maxFields: settings.max_fields,
      maxEntries: settings.max_entries,
      totalLimitSizeBytes: settings["storage.total_limit_size"],
    };
    checkFilters(config, section, reading);
    return config;
  },
  render: (systemd) => ({
    tag: systemd.ownTag,
    path: systemd.path,
    systemd_filter: systemd.filters.length > 0 ? systemd.filters : null,
    systemd_filter_type: systemd.filterType,
    read_from_tail: onOff(systemd.readFromTail),
    lowercase: onOff(systemd.lowercase),
    strip_underscores: onOff(systemd.stripUnderscores),
    max_fields: String(systemd.maxFields),
    max_entries: String(systemd.maxEntries),
    "storage.total_limit_size": formatSize(systemd.totalLimitSizeBytes),
  }),
};

/** sd_journal_add_match(3) takes no other names. */
const FILTER = /^[A-Z0-9_]{1,64}=/;

function checkFilters({ filters, filterType }: SystemdConfig, section: RawSection, { found }: Reading): void {
  const wrong = filters.find((filter) => !FILTER.test(filter));
  if (wrong !== undefined)
    refuseOption(section, "systemd_filter", `"${wrong}" is no FIELD=value, as _SYSTEMD_UNIT=kubelet.service is`, found);
  const names = filters.map((filter) => filter.slice(0, filter.indexOf("=")));
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (filterType === "and" && twice !== undefined) {
    const message = `and: no entry has two values of ${twice}, so that nothing would be read; remove one, or say or`;
    refuseOption(section, "systemd_filter_type", message, found);
  }
}
