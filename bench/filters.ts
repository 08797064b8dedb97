import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { SECRET_NAMES } from "../config/filter/redact.ts";
import { drain, generateBacklog, writeDrainConfig } from "./backlog.ts";
import { median, time } from "./measure.ts";

const USAGE = `usage: npm run bench:filters -- [options]

Drains the same backlog into Parquet with one filter more or less and prints CPU seconds per GB of raw log, medians over
interleaved rounds, against the budgets: exit code 1 above one of them.

  --gb N         backlog, in GB (1)
  --rounds N     runs of each (5)
  --pods N       containers (30)
  --only LIST    some of: none, kubernetes, grep, redact, multiline
  --keep         leave the generated logs in .cache/bench for the next time
`;

interface Case {
  readonly name: string;
  /** Items of YAML's `filters`. */
  readonly filters: readonly string[];
  readonly multiline?: string;
  /** CPU-s per GB, at most; or so many more than with the kubernetes filter alone. */
  readonly budget: { readonly total: number } | { readonly more: number } | null;
}

const GREP = "{ name: grep, match: kube.*, exclude: log healthz }";
const REDACT = `{ name: redact, match: kube.*, patterns: "${SECRET_NAMES.join(", ")}" }`;

function casesOf(root: string): readonly Case[] {
  const kubernetes = `{ name: kubernetes, match: kube.*, kube_meta_preload_cache_dir: ${root}/meta }`;
  return [
    { name: "none", filters: [], budget: null },
    { name: "kubernetes", filters: [kubernetes], budget: { total: 3.5 } },
    { name: "grep", filters: [kubernetes, GREP], budget: { more: 0.5 } },
    { name: "redact", filters: [kubernetes, REDACT], budget: { total: 4 } },
    { name: "multiline", filters: [kubernetes], multiline: "cri, java, python, go", budget: null },
  ];
}

async function main(): Promise<void> {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const options = { gb: text, rounds: text, pods: text, only: text, keep: flag, help: flag };
  const { values } = parseArgs({ options });
  if (values.help) return void process.stdout.write(USAGE);
  const [gigabytes, pods, rounds] = [Number(values.gb ?? 1), Number(values.pods ?? 30), Number(values.rounds ?? 5)];
  const root = join(resolve(".cache/bench"), `${gigabytes}gb-${pods}`);
  const rawBytes = generateBacklog(root, pods, gigabytes * 1e9);
  const only = values.only?.split(",").map((name) => name.trim());
  const cases = casesOf(root).filter(({ name }) => only === undefined || only.includes(name) || name === "kubernetes");
  const seconds = new Map(cases.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const each of cases) {
      process.stderr.write(`\rround ${round + 1} of ${rounds}: ${each.name.padEnd(12)}`);
      writeDrainConfig(root, each);
      seconds.get(each.name)!.push((await drain(root, time)).cpuSeconds / (rawBytes / 1e9));
    }
  }
  process.stderr.write("\n");
  const { text: table, isOver } = report(cases, seconds);
  process.stdout.write(table);
  if (!values.keep) rmSync(root, { recursive: true });
  if (isOver) process.exitCode = 1;
}

function report(cases: readonly Case[], seconds: ReadonlyMap<string, readonly number[]>) {
  const base = median(seconds.get("kubernetes")!);
  let isOver = false;
  const rows = cases.map(({ name, budget }) => {
    const all = seconds.get(name)!;
    const cpu = median(all);
    const most = budget === null ? null : "total" in budget ? budget.total : base + budget.more;
    if (most !== null && cpu > most) isOver = true;
    const share = most === null ? "" : `${most.toFixed(2)} (${Math.round((cpu / most) * 100)} %)`;
    const spread = `${Math.min(...all).toFixed(2)}-${Math.max(...all).toFixed(2)}`;
    const ratio = (cpu / base).toFixed(2);
    const label = name === "none" || name === "kubernetes" ? name : `kubernetes, ${name}`;
    return `| ${label} | ${cpu.toFixed(2)} | ${spread} | ${(cpu - base).toFixed(2)} | ${ratio} | ${share} |`;
  });
  const head = "| filters | CPU-s per GB raw | from, to | against kubernetes | ratio | budget |";
  return { text: `${[head, "| --- | --- | --- | --- | --- | --- |", ...rows].join("\n")}\n`, isOver };
}

await main();
