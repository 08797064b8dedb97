import { appendFileSync } from "node:fs";
import { join } from "node:path";
import type { SystemdConfig } from "../../../../config/input/systemd.ts";
import type { FakeEntry } from "../../../servers/journalctl.ts";
import { T0_MS } from "../../fixture.ts";

export const JOURNALCTL = new URL("../../../servers/journalctl.ts", import.meta.url).pathname;

export function systemdConfig(changes: Partial<SystemdConfig> = {}): SystemdConfig {
  return {
    plugin: "systemd",
    tag: "host.*",
    ownTag: "host.*",
    path: null,
    filters: [],
    filterType: "or",
    readFromTail: false,
    lowercase: false,
    stripUnderscores: false,
    maxFields: 8000,
    maxEntries: 5000,
    totalLimitSizeBytes: 256e6,
    ...changes,
  };
}

/** The entry with this number, a millisecond after the one before it. */
export function entry(number: number, fields: Record<string, string | Buffer | string[]> = {}): FakeEntry {
  const all = { MESSAGE: `m${number}`, PRIORITY: "6", _SYSTEMD_UNIT: "a.service", ...fields };
  return {
    cursor: `s=0123456789abcdef;i=${number.toString(16)};b=0;m=0;t=0;x=0`,
    usec: T0_MS * 1000 + number * 1000 + 7,
    fields: Object.entries(all).flatMap(([name, values]) =>
      (Array.isArray(values) ? values : [values]).map(
        (value) => [name, Buffer.from(value).toString("base64")] as const,
      ),
    ),
  };
}

/** Adds entries to the journal that test/servers/journalctl.ts reads. */
export function write(folder: string, ...entries: FakeEntry[]): void {
  appendFileSync(join(folder, "entries.json"), entries.map((each) => `${JSON.stringify(each)}\n`).join(""));
}
