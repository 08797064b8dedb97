import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { writePodMetadata } from "../generate/pod-metadata.ts";
import { median } from "../measure.ts";
import { CONTENDERS, SERVICES, type Contender, type Service } from "./contenders.ts";
import type { SinkCounts } from "./sink.ts";

const USAGE = `usage: npm run bench:live -- [options]

Containers write, the agent follows and ships over TLS to servers in a process of their own: CPU in percent of a core over
the time after a warm-up, and peak memory; medians over the rounds. Where fluent-bit is on the PATH it does the same in
turn with the agent.

  --outputs LIST   of s3, cloudwatch_logs, kinesis_firehose, all (every one of them)
  --rate N         lines a second of some 265 bytes, over all containers (10000)
  --pods N         containers (30)
  --seconds N      measured, after 10 of warm-up (60)
  --rounds N       runs of each (3)
  --only NAME      logq-agent or fluent-bit
`;

const WARM_UP_SECONDS = 10;
const GENERATOR = new URL("../generate/main.ts", import.meta.url).pathname;
const SINK = new URL("sink.ts", import.meta.url).pathname;
/** Of the kernel's accounting. */
const TICKS_PER_SECOND = 100;

const CASES: Readonly<Record<string, readonly Service[]>> = {
  s3: ["s3"],
  cloudwatch_logs: ["cloudwatch_logs"],
  kinesis_firehose: ["kinesis_firehose"],
  all: SERVICES,
};

interface Figures {
  readonly cpuPercent: number;
  readonly rssPeakMb: number;
  readonly anonPeakMb: number;
  /** To disk, in the time that is measured; by the kernel's account, which counts whole pages. */
  readonly writtenBytes: number;
  readonly counts: SinkCounts;
}

interface Run {
  readonly outputs: readonly Service[];
  readonly rate: number;
  readonly pods: number;
  readonly seconds: number;
}

async function main(): Promise<void> {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const { values } = parseArgs({
    options: { outputs: text, rate: text, pods: text, seconds: text, rounds: text, only: text, help: flag },
  });
  const names = values.outputs?.split(",") ?? Object.keys(CASES);
  const unknown = names.find((name) => !(name in CASES));
  if (values.help === true || unknown !== undefined) return void process.stdout.write(USAGE);
  const { rate = "10000", pods = "30", seconds = "60" } = values;
  const contenders = CONTENDERS.filter(({ name, isThere }) => (values.only ?? name) === name && isThere());
  const root = resolve(".cache/bench-live");
  const found = new Map<string, Figures[]>();
  for (let round = 0; round < Number(values.rounds ?? 3); round++) {
    for (const name of names) {
      for (const contender of contenders) {
        const row = `${contender.name}: ${name}`;
        process.stderr.write(`\rround ${round + 1}: ${row.padEnd(30)}`);
        const run = { outputs: CASES[name]!, rate: Number(rate), pods: Number(pods), seconds: Number(seconds) };
        found.set(row, [...(found.get(row) ?? []), await measure(root, run, contender)]);
      }
    }
  }
  process.stderr.write("\n");
  process.stdout.write(report(found));
}

async function measure(root: string, run: Run, contender: Contender): Promise<Figures> {
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  const [key, certificate] = writeCertificate(root);
  const sink = spawn(process.execPath, [SINK, join(root, "s3"), key, certificate], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const endpoints = (await answerOf(sink)) as Record<Service, string>;
  writePodMetadata(join(root, "meta"), { pods: run.pods, sizes: "even", seed: 1 });
  const lasts = WARM_UP_SECONDS + run.seconds + 5;
  const generated = ["--out", join(root, "node"), "--pods", String(run.pods), "--rate", String(run.rate)];
  const generator = spawn(process.execPath, [GENERATOR, ...generated, "--live", String(lasts)], { stdio: "inherit" });
  const agent = contender.start({ root, outputs: run.outputs, endpoints, certificate });
  try {
    await sleep(WARM_UP_SECONDS * 1000);
    const before = cpuTicks(agent.pid!);
    const writtenBefore = writtenBytes(agent.pid!);
    const startedAtMs = performance.now();
    let anonPeakMb = 0;
    while (performance.now() - startedAtMs < run.seconds * 1000) {
      await sleep(500);
      anonPeakMb = Math.max(anonPeakMb, memoryMb(agent.pid!, "RssAnon"));
    }
    const elapsed = (performance.now() - startedAtMs) / 1000;
    const cpuPercent = ((cpuTicks(agent.pid!) - before) / TICKS_PER_SECOND / elapsed) * 100;
    const rssPeakMb = memoryMb(agent.pid!, "VmHWM");
    const written = writtenBytes(agent.pid!) - writtenBefore;
    agent.kill("SIGTERM");
    const [code] = (await once(agent, "close")) as [number];
    if (code !== 0) throw new Error(`${contender.name} ended with exit code ${code}`);
    sink.stdin.write("counts\n");
    return { cpuPercent, rssPeakMb, anonPeakMb, writtenBytes: written, counts: (await answerOf(sink)) as SinkCounts };
  } finally {
    for (const child of [agent, generator, sink]) child.kill("SIGKILL");
  }
}

/** A key and a certificate of localhost: their paths. */
function writeCertificate(root: string): [string, string] {
  const [key, certificate] = [join(root, "key.pem"), join(root, "certificate.pem")];
  const what = ["-newkey", "rsa:2048", "-nodes", "-x509", "-days", "2", "-subj", "/CN=localhost"];
  const names = ["-addext", "subjectAltName=DNS:localhost,DNS:logs.localhost"];
  execFileSync("openssl", ["req", ...what, ...names, "-keyout", key, "-out", certificate], { stdio: "ignore" });
  return [key, certificate];
}

/** The next line a child prints, as JSON. */
async function answerOf(child: ChildProcess): Promise<unknown> {
  const [chunk] = (await once(child.stdout!, "data")) as [Buffer];
  return JSON.parse(chunk.toString());
}

/** User and system time of all threads. */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

function memoryMb(pid: number, field: "VmHWM" | "RssAnon"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return (Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) * 1024) / 1e6;
}

function writtenBytes(pid: number): number {
  return Number(/^write_bytes: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1] ?? 0);
}

function report(found: ReadonlyMap<string, readonly Figures[]>): string {
  const lines = [
    "| contender: output | percent of a core | peak RSS, MB (all runs) | peak anonymous, MB | written to disk, KB | requests | records |",
    "| --- | --- | --- | --- | --- | --- | --- |",
  ];
  for (const [name, figures] of found) {
    const middle = (of: (each: Figures) => number): string => median(figures.map(of)).toFixed(1);
    const all = figures.map(({ rssPeakMb }) => rssPeakMb.toFixed(0)).join(" ");
    const { s3, cloudwatch_logs: logs, kinesis_firehose: firehose } = figures.at(-1)!.counts;
    const requests = s3.requests + logs.requests + firehose.requests;
    lines.push(
      `| ${name} | ${middle((each) => each.cpuPercent)} | ${middle((each) => each.rssPeakMb)} (${all}) | ` +
        `${middle((each) => each.anonPeakMb)} | ${middle((each) => each.writtenBytes / 1000)} | ${requests} | ${logs.records + firehose.records} |`,
    );
  }
  return `${lines.join("\n")}\n`;
}

await main();
