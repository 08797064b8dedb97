#!/usr/bin/env node
/**
 * A journalctl(1) for tests: the options that the agent uses, over a folder with a file of entries instead of a journal. What
 * it claims is checked against systemd's own program by `npm run test:journal`.
 *
 *   <folder>/entries.json   a line for each entry: {"cursor":…,"usec":…,"fields":[[name, base64 of value],…]}
 *   <folder>/fails          if it is there, its text goes to stderr and the exit code is 1
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

export interface FakeEntry {
  readonly cursor: string;
  readonly usec: number;
  /** Values in base64. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

const POLL_MS = 20;

async function main(args: readonly string[]): Promise<number> {
  const valueOf = (name: string): string | null =>
    args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? null;
  const folder = valueOf("directory") ?? "/none";
  const alternatives = splitAt(args.filter((arg) => !arg.startsWith("--")));
  const cursor = valueOf("cursor");
  const lines = valueOf("lines");
  let done = 0;
  let isFirst = true;
  for (;;) {
    if (existsSync(join(folder, "fails"))) {
      process.stderr.write(readFileSync(join(folder, "fails"), "utf8"));
      return 1;
    }
    const all = readEntries(folder);
    const from = isFirst && cursor !== null ? placeOf(all, cursor) : done;
    const chosen = all.slice(from).filter((entry) => alternatives.some((matches) => isMatch(entry, matches)));
    for (const entry of lines === null ? chosen : chosen.slice(-Number(lines))) process.stdout.write(encode(entry));
    done = all.length;
    isFirst = false;
    if (!args.includes("--follow")) return 0;
    await sleep(POLL_MS);
  }
}

/** Where the entry of the cursor is, or the first that comes after it, by its number. */
function placeOf(entries: readonly FakeEntry[], cursor: string): number {
  const number = numberOf(cursor);
  const place = entries.findIndex((entry) => numberOf(entry.cursor) >= number);
  return place < 0 ? entries.length : place;
}

function numberOf(cursor: string): number {
  return Number.parseInt(/;i=([0-9a-f]+)/.exec(cursor)?.[1] ?? "0", 16);
}

function splitAt(matches: readonly string[]): string[][] {
  const groups: string[][] = [[]];
  for (const match of matches) {
    if (match === "+") groups.push([]);
    else groups.at(-1)!.push(match);
  }
  return groups;
}

/** One value of each field that is named has to be there. */
function isMatch({ fields }: FakeEntry, matches: readonly string[]): boolean {
  const byName = Map.groupBy(matches, (match) => match.slice(0, match.indexOf("=")));
  return [...byName].every(([name, wanted]) =>
    fields.some(
      ([field, value]) => field === name && wanted.includes(`${name}=${Buffer.from(value, "base64").toString()}`),
    ),
  );
}

function readEntries(folder: string): FakeEntry[] {
  const path = join(folder, "entries.json");
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as FakeEntry);
}

/** systemd's export format. */
export function encode({ cursor, usec, fields }: FakeEntry): Buffer {
  const own: [string, Buffer][] = fields.map(([name, value]) => [name, Buffer.from(value, "base64")]);
  const head: [string, Buffer][] = [
    ["__CURSOR", Buffer.from(cursor)],
    ["__REALTIME_TIMESTAMP", Buffer.from(String(usec))],
  ];
  const parts = [...head, ...own].map(([name, value]) => {
    if (!value.includes(10)) return Buffer.concat([Buffer.from(`${name}=`), value, NEWLINE]);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(value.length));
    return Buffer.concat([Buffer.from(`${name}\n`), length, value, NEWLINE]);
  });
  return Buffer.concat([...parts, NEWLINE]);
}

const NEWLINE = Buffer.from("\n");

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exitCode = await main(process.argv.slice(2));
