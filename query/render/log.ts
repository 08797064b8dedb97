/** `log`: time, who, level, message, as `kubectl logs --prefix --timestamps` readers know them. */
import { COLUMNS, PARTITION_COLUMNS } from "../../config/table.ts";
import type { ResultColumn, Value } from "../engine/engine.ts";
import { logfmtValue } from "./plain.ts";
import type { Renderer, Row, Style } from "./renderer.ts";
import { displayWidth, neutralise, onOneLine, pad } from "./terminal-text.ts";

const STORED: ReadonlySet<string> = new Set([...COLUMNS.map((column) => column.name), ...PARTITION_COLUMNS]);

/** Names longer than this do not push the message of every other line further right. */
const WHO_WIDTH_MAX = 48;

/** Readable on dark and light backgrounds. */
const WHO_COLORS = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94] as const;
const LEVEL_COLORS: Readonly<Record<string, number>> = { debug: 2, trace: 2, info: 32, warn: 33, error: 31, fatal: 41 };

/** Needs columns `ts` and `log`. Columns that are not the table's own (`log.status`) follow the message as `name=value`. */
export function logRenderer(columns: readonly ResultColumn[], style: Style): Renderer {
  const index = new Map(columns.map((column, i) => [column.name, i]));
  const get = (row: Row, name: string): Value => row[index.get(name) ?? -1] ?? null;
  const extras = columns.flatMap((column, i) => (STORED.has(column.name) ? [] : [{ ...column, i }]));
  const hasWho = ["pod", "container", "workload", "node"].some((name) => index.has(name));
  const hasLevel = index.has("level");
  const safe = style.terminal ? neutralise : (text: string): string => text;
  let whoWidth = 0;

  const line = (row: Row, who: string): string => {
    const parts = [paint(safe(textOf(get(row, "ts"))), 2, style)];
    if (hasWho) parts.push(paint(pad(who, whoWidth), WHO_COLORS[hash(who) % WHO_COLORS.length]!, style));
    if (hasLevel) {
      const level = onOneLine(safe(textOf(get(row, "level"))));
      parts.push(paint(pad(level.toUpperCase(), 5), LEVEL_COLORS[level] ?? 0, style));
    }
    parts.push(safe(textOf(get(row, "log"))).replace(/\n$/, ""));
    for (const { name, i } of extras) {
      const value = row[i] ?? null;
      if (value !== null) parts.push(paint(`${name}=${logfmtValue(safe(String(value)))}`, 2, style));
    }
    return `${parts.join("  ")}\n`;
  };
  return {
    rows(rows) {
      const names = rows.map((row) => onOneLine(safe(whoOf(row, get))));
      for (const who of names) whoWidth = Math.min(WHO_WIDTH_MAX, Math.max(whoWidth, displayWidth(who)));
      return rows.map((row, i) => line(row, names[i]!)).join("");
    },
    end: () => "",
  };
}

/** `pod/container`; for what is no pod's the workload, else the node. */
function whoOf(row: Row, get: (row: Row, name: string) => Value): string {
  const owner = get(row, "pod") ?? get(row, "workload");
  const container = get(row, "container");
  if (owner === null && container === null) return textOf(get(row, "node"));
  return [owner, container].filter((part) => part !== null).join("/");
}

function paint(text: string, code: number, style: Style): string {
  return style.color && code > 0 && text.trim() !== "" ? `\x1b[${code}m${text}\x1b[0m` : text;
}

function textOf(value: Value): string {
  return value === null ? "" : String(value);
}

/** FNV-1a: the same pod has the same colour in every run. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193);
  return state >>> 0;
}
