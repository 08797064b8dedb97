import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createReadStream, mkdirSync, openSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { writePodMetadata } from "./generate/pod-metadata.ts";
import { generateTree } from "./generate/tree.ts";

const USAGE = `usage: npm run compare -- [options]

Gives the same logs and one configuration file to fluent-bit, when it is on the PATH, and to logq-agent, and compares
what they print, record by record. docs/fluent-bit.md says why those differ that do.

  --lines N       lines of 12 pods (200000)
  --examples N    differing records to print of each kind (3)
  --keep          keep the logs and both outputs in .cache/compare
`;

const FOLDER = resolve(".cache/compare");
const PROGRAM = new URL("../dist/logq-agent.cjs", import.meta.url).pathname;
const QUIET_MS = 12_000;

type JsonRecord = Record<string, unknown>;

const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;
const { values } = parseArgs({ options: { lines: text, examples: text, keep: flag, help: flag } });
if (values.help) process.stdout.write(USAGE);
else process.exitCode = await compare(Number(values.lines ?? 200_000), Number(values.examples ?? 3));
if (!values.help && !values.keep) rmSync(FOLDER, { recursive: true, force: true });

async function compare(lines: number, examples: number): Promise<number> {
  rmSync(FOLDER, { recursive: true, force: true });
  const root = join(FOLDER, "node");
  const pods = { pods: 12, seed: 7, sizes: "even" } as const;
  mkdirSync(root, { recursive: true });
  const tree = generateTree({
    ...pods,
    root,
    amount: { lines },
    startMs: Date.now() - 60_000,
    linesPerSecond: 10_000,
    hard: false,
  });
  writePodMetadata(join(root, "meta"), pods);
  const config = join(FOLDER, "both.yaml");
  writeFileSync(config, configText(root));
  const said = [await runFluentBit(config), await runAgent(config)] as const;
  const [theirs, ours] = [await readRecords(said[0]), await readRecords(said[1])];
  process.stdout.write(`${sum(tree.lines)} lines: fluent-bit ${size(theirs)} records, logq-agent ${size(ours)}\n`);
  return report(theirs, ours, examples);
}

/** What a Fluent Bit user has: CRI, stack traces joined, JSON messages merged, some lines left out, fields changed. */
function configText(root: string): string {
  return `
service:
  flush: 1
  grace: 5
  log_level: warn
  storage.path: ${join(FOLDER, "state")}
pipeline:
  inputs:
    - name: tail
      tag: kube.*
      path: ${root}/var/log/containers/*.log
      multiline.parser: cri
      read_from_head: on
      refresh_interval: 1
  filters:
    - name: multiline
      match: kube.*
      multiline.key_content: log
      multiline.parser: java, python, go
      emitter_mem_buf_limit: 1G
    - name: kubernetes
      match: kube.*
      kube_tag_prefix: kube.${root.slice(1).replaceAll(/[/.]+/g, ".")}.var.log.containers.
      kube_url: http://127.0.0.1:9
      kube_meta_preload_cache_dir: ${root}/meta
      merge_log: on
      keep_log: off
      annotations: off
      use_kubelet: off
    - name: grep
      match: kube.*
      exclude: log Syncing iptables rules
    - name: modify
      match: kube.*
      add: cluster prod
      rename: trace_id trace
      remove: customer
  outputs:
    - name: stdout
      match: '*'
      format: json_lines
      json_date_format: iso8601
`;
}

async function runFluentBit(config: string): Promise<string> {
  const out = join(FOLDER, "fluent-bit.jsonl");
  const child = start("fluent-bit", ["-c", config], out);
  // It follows for ever: it is done when it prints nothing any more.
  let before = -1;
  for (let bytes = 0; bytes !== before || bytes === 0; bytes = statSync(out).size) {
    before = bytes;
    await sleep(QUIET_MS);
    if (child.exitCode !== null) throw new Error(`fluent-bit ended with exit code ${child.exitCode}; see above`);
  }
  child.kill("SIGTERM");
  await once(child, "exit");
  return out;
}

async function runAgent(config: string): Promise<string> {
  const out = join(FOLDER, "logq-agent.jsonl");
  const child = start(PROGRAM, ["-c", config, "--once"], out);
  const [code] = (await once(child, "exit")) as [number];
  if (code !== 0) throw new Error(`logq-agent ended with exit code ${code}; see above`);
  return out;
}

function start(program: string, args: readonly string[], out: string): ChildProcess {
  // The node's name, which Fluent Bit takes from the pod.
  const env = { ...process.env, NODE_NAME: "bench" };
  const child = spawn(program, args, { stdio: ["ignore", openSync(out, "w"), "inherit"], env });
  child.on("error", (error) => {
    process.stderr.write(`compare: cannot start ${program}: ${error.message}; put it on the PATH\n`);
    process.exit(1);
  });
  return child;
}

/** How often each record occurs, by its JSON with sorted keys. */
async function readRecords(path: string): Promise<Map<string, number>> {
  const records = new Map<string, number>();
  for await (const line of createInterface({ input: createReadStream(path) })) {
    if (!line.startsWith("{")) continue;
    const key = JSON.stringify(sorted(JSON.parse(line)));
    records.set(key, (records.get(key) ?? 0) + 1);
  }
  return records;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}

function report(theirs: Map<string, number>, ours: Map<string, number>, examples: number): number {
  const equal = sum([...theirs].map(([key, count]) => Math.min(count, ours.get(key) ?? 0)));
  const left = [missing(theirs, ours), missing(ours, theirs)] as const;
  process.stdout.write(`equal: ${equal}\nonly fluent-bit's: ${left[0].length}\nonly logq-agent's: ${left[1].length}\n`);
  const partner = new Map(left[1].map((record) => [identity(record), record]));
  const kinds = new Map<string, { count: number; examples: string[] }>();
  for (const record of left[0]) {
    const other = partner.get(identity(record));
    const kind = other === undefined ? "no counterpart" : `differs in ${differing(record, other).join(", ")}`;
    const entry = kinds.get(kind) ?? { count: 0, examples: [] };
    kinds.set(kind, { count: entry.count + 1, examples: [...entry.examples, both(record, other)].slice(0, examples) });
  }
  for (const [kind, { count, examples: some }] of kinds)
    process.stdout.write(`\n${count} × ${kind}\n${some.join("\n")}\n`);
  return left[0].length + left[1].length === 0 ? 0 : 1;
}

function missing(from: Map<string, number>, other: Map<string, number>): JsonRecord[] {
  return [...from].flatMap(([key, count]) =>
    Array.from({ length: Math.max(0, count - (other.get(key) ?? 0)) }, () => JSON.parse(key) as JsonRecord),
  );
}

/** Which line a record is of: each line of the generator carries `seq=<pod>-<n>`. */
function identity(record: JsonRecord): string {
  return /seq=[\w-]+/.exec(JSON.stringify(record))?.[0] ?? JSON.stringify(record);
}

function differing(a: JsonRecord, b: JsonRecord): string[] {
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return keys.filter((key) => JSON.stringify(a[key]) !== JSON.stringify(b[key])).toSorted();
}

function both(record: JsonRecord, other: JsonRecord | undefined): string {
  if (other === undefined) return shown("fluent-bit", record);
  const keys = differing(record, other);
  const pick = (from: JsonRecord): JsonRecord => Object.fromEntries(keys.map((key) => [key, from[key]]));
  return `${shown("fluent-bit", pick(record))}\n${shown("logq-agent", pick(other))}`;
}

function shown(name: string, value: unknown): string {
  return `  ${name}: ${JSON.stringify(value).slice(0, 600)}`;
}

function size(records: Map<string, number>): number {
  return sum([...records.values()]);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
