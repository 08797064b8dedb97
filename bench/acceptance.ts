import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { zstdDecompressSync } from "node:zlib";
import { runControlPlane } from "./control-plane.ts";
import { startCloudWatchServer } from "../test/servers/cloudwatch-server.ts";
import { CONTAINER_TOKEN, startCredentialsServer } from "../test/servers/credentials-server.ts";
import { startFirehoseServer } from "../test/servers/firehose-server.ts";
import { startS3Server } from "../test/servers/s3-server.ts";

const USAGE = `usage: npm run acceptance -- CASE [options]

Runs the built agent against the tests' servers and counts what arrived of every line. Exit code 1: something was lost,
came twice without a lost answer, or the agent said error.

  faults        each output by itself: a backlog, 30 % of all requests failing
  credentials   all three outputs: credentials that expire every 20 s
  cloudwatch    3 MB/s into CloudWatch Logs for 10 minutes
  throughput    30 MB/s into S3 and Firehose for a minute
  control-plane the log group of a control plane, over 13 hours by a fast clock: late, twice, in any order, three kills

  --lines N     lines of the backlog (2000000), events of the control plane (500000)
  --seconds N   how long lines are written
  --outputs L   s3,cloudwatch_logs,kinesis_firehose
`;

const PROGRAM = new URL("../dist/logq-agent.cjs", import.meta.url).pathname;
const FILES = 20;
const LINE_BYTES = 265;
const FAULT_SHARE = 0.3;
const BEFORE = ["throttled", "internal-error", "reset-before"] as const;
const AFTER = ["error-after", "reset-after", "hang-after"] as const;
const WRITE_EVERY_MS = 100;
/** Of the control plane's clock: 13 hours take 7 to 8 minutes. */
const SPEED = 120;

type OutputName = "s3" | "cloudwatch_logs" | "kinesis_firehose";
const OUTPUTS: readonly OutputName[] = ["s3", "cloudwatch_logs", "kinesis_firehose"];

interface Case {
  readonly outputs: readonly OutputName[];
  /** Written before the agent starts, or while it runs. */
  readonly backlogLines: number;
  readonly bytesPerSecond: number;
  readonly seconds: number;
  readonly hasFaults: boolean;
  readonly credentialsSeconds: number | null;
}

const NOTHING = { backlogLines: 0, bytesPerSecond: 0, seconds: 0, hasFaults: false, credentialsSeconds: null };

async function main(): Promise<void> {
  const text = { type: "string" } as const;
  const options = { lines: text, seconds: text, outputs: text, help: { type: "boolean" } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const only = values.outputs?.split(",") as OutputName[] | undefined;
  const seconds = (usual: number): number => Number(values.seconds ?? usual);
  const cases: Readonly<Record<string, readonly Case[]>> = {
    faults: (only ?? OUTPUTS).map((output) => {
      return { ...NOTHING, outputs: [output], backlogLines: Number(values.lines ?? 2_000_000), hasFaults: true };
    }),
    credentials: [
      { ...NOTHING, outputs: only ?? OUTPUTS, bytesPerSecond: 1e6, seconds: seconds(120), credentialsSeconds: 20 },
    ],
    cloudwatch: [{ ...NOTHING, outputs: ["cloudwatch_logs"], bytesPerSecond: 3e6, seconds: seconds(600) }],
    throughput: [
      { ...NOTHING, outputs: only ?? ["s3", "kinesis_firehose"], bytesPerSecond: 30e6, seconds: seconds(60) },
    ],
  };
  if (positionals[0] === "control-plane" && values.help !== true) {
    const events = Number(values.lines ?? 500_000);
    const { line, isGood } = await runControlPlane({ events, speed: SPEED, root: resolve(".cache/acceptance") });
    process.stdout.write(`${line}\n`);
    process.exitCode = isGood ? 0 : 1;
    return;
  }
  const chosen = cases[positionals[0] ?? ""];
  if (chosen === undefined || values.help === true) return void process.stdout.write(USAGE);
  for (const each of chosen) {
    const verdicts = await runCase(each, resolve(".cache/acceptance"));
    for (const { line } of verdicts) process.stdout.write(`${line}\n`);
    if (verdicts.some(({ isGood }) => !isGood)) process.exitCode = 1;
  }
}

interface Verdict {
  readonly line: string;
  readonly isGood: boolean;
}

async function runCase(run: Case, root: string): Promise<Verdict[]> {
  rmSync(root, { recursive: true, force: true });
  for (const name of ["logs", "s3"]) mkdirSync(join(root, name), { recursive: true });
  await using credentials = await startCredentialsServer((run.credentialsSeconds ?? 3600) * 1000);
  const accepts = run.credentialsSeconds === null ? {} : { accepts: credentials.isValid };
  const counts = new Map(run.outputs.map((output) => [output, new Counts()]));
  const mark = (output: OutputName, log: string): void => counts.get(output)?.mark(Number.parseInt(log, 10));
  const markLines = (output: OutputName, body: string): void => {
    for (const line of body.split("\n")) if (line !== "") mark(output, (JSON.parse(line) as { log: string }).log);
  };
  // Objects come once, whoever answered; of a stream what was taken and not answered for may come again.
  const unanswered = { s3: 0, cloudwatch_logs: 0, kinesis_firehose: 0 };
  await using s3 = await startS3Server({ ...accepts, folder: join(root, "s3") });
  await using logs = await startCloudWatchServer({
    ...accepts,
    sink: (events) => {
      for (const { message } of events) markLines("cloudwatch_logs", message);
    },
  });
  await using firehose = await startFirehoseServer({
    ...accepts,
    sink: (_, records, isAnswered) => {
      for (const record of records) {
        const body = record.toString();
        markLines("kinesis_firehose", body);
        if (!isAnswered) unanswered.kinesis_firehose += body.split("\n").length - 1;
      }
    },
  });
  if (run.hasFaults) addFaults(s3.faults, logs.faults, firehose.faults);
  const endpoints = { s3: s3.endpoint, cloudwatch_logs: logs.endpoint, kinesis_firehose: firehose.endpoint };
  writeFileSync(join(root, "agent.yaml"), configText(root, run, endpoints));
  const written = writeLines(join(root, "logs"), 0, run.backlogLines);
  const startedAtMs = performance.now();
  const env = run.credentialsSeconds === null ? STATIC_KEYS : containerKeys(credentials.endpoint);
  const { lines, errors } = await runAgent(root, run, written, env);
  const took = ((performance.now() - startedAtMs) / 1000).toFixed(0);
  for (const name of readdirSync(join(root, "s3"), { recursive: true, encoding: "utf8" })) {
    if (name.endsWith(".json.zst"))
      markLines("s3", zstdDecompressSync(readFileSync(join(root, "s3", name))).toString());
  }
  unanswered.cloudwatch_logs = logs.stats().unanswered;
  const stats = { s3: s3.stats(), cloudwatch_logs: logs.stats(), kinesis_firehose: firehose.stats() };
  return run.outputs.map((output) => {
    const { lost, twice } = counts.get(output)!.of(lines);
    const [failed, requests] = [sum(stats[output].faults), sum(stats[output].requests)];
    const isGood = lost === 0 && twice <= unanswered[output] && errors === 0;
    const figures = `${lines} lines in ${took} s: lost ${lost}, twice ${twice} (${unanswered[output]} without an answer)`;
    const others = `${failed} of ${requests} requests failed, ${errors} errors`;
    return { line: `${isGood ? "ok  " : "FAIL"} ${output}: ${figures}, ${others}`, isGood };
  });
}

/** How often each line arrived. */
class Counts {
  #seen = new Uint8Array(1 << 20);

  mark(line: number): void {
    if (line >= this.#seen.length) {
      const grown = new Uint8Array(Math.max(line + 1, this.#seen.length * 2));
      grown.set(this.#seen);
      this.#seen = grown;
    }
    this.#seen[line] = Math.min(255, this.#seen[line]! + 1);
  }

  of(lines: number): { lost: number; twice: number } {
    let [lost, twice] = [0, 0];
    for (let line = 0; line < lines; line++) {
      const times = this.#seen[line] ?? 0;
      if (times === 0) lost++;
      else twice += times - 1;
    }
    return { lost, twice };
  }
}

interface FaultSink<Kind extends string> {
  add(rule: { readonly kind: Kind; readonly probability: number }): void;
}

/** Of the requests that the rules before let pass, so that together it is the share. */
function addFaults(
  s3: FaultSink<"slow-down" | "internal-error" | "reset-before" | (typeof AFTER)[number]>,
  ...others: readonly FaultSink<(typeof BEFORE)[number] | (typeof AFTER)[number]>[]
): void {
  const probability = 1 - (1 - FAULT_SHARE) ** (1 / (BEFORE.length + AFTER.length));
  for (const kind of [...BEFORE, ...AFTER]) {
    s3.add({ kind: kind === "throttled" ? "slow-down" : kind, probability });
    for (const faults of others) faults.add({ kind, probability });
  }
}

/** Numbered lines from `from` on, spread over the files. Returns the next number. */
function writeLines(folder: string, from: number, count: number): number {
  const pad = "x".repeat(LINE_BYTES - 60);
  const chunk = 20_000;
  for (let at = from; at < from + count; at += chunk) {
    const time = new Date().toISOString().replace("Z", "000000Z");
    const texts = Array.from({ length: FILES }, () => "");
    for (let line = at; line < Math.min(at + chunk, from + count); line++)
      texts[line % FILES] += `${time} stdout F ${line} ${pad}\n`;
    for (const [index, part] of texts.entries()) appendFileSync(join(folder, `${index}.log`), part);
  }
  return from + count;
}

const STATIC_KEYS = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };

function containerKeys(endpoint: string): Record<string, string> {
  return {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${endpoint}/container`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: CONTAINER_TOKEN,
  };
}

/** Runs the agent until it has shipped all: a backlog with --once, else as long as lines are written and once more then. */
async function runAgent(root: string, run: Case, written: number, env: Record<string, string>) {
  let lines = written;
  let errors = 0;
  const start = (args: readonly string[]) => {
    const { PATH = "" } = process.env;
    const quiet = { AWS_EC2_METADATA_DISABLED: "true", AWS_CONFIG_FILE: "/dev/null" };
    const child = spawn(PROGRAM, ["-c", join(root, "agent.yaml"), ...args], {
      env: { PATH, ...quiet, ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.stderr.on("data", (chunk: Buffer) => {
      const said = chunk.toString().split('"level":"error"').length - 1;
      errors += said;
      if (said > 0) process.stderr.write(chunk);
    });
    return child;
  };
  if (run.seconds > 0) {
    const child = start([]);
    const startedAtMs = performance.now();
    for (let elapsedMs = 0; elapsedMs < run.seconds * 1000; elapsedMs = performance.now() - startedAtMs) {
      const due = Math.floor((run.bytesPerSecond * elapsedMs) / 1000 / LINE_BYTES);
      lines = writeLines(join(root, "logs"), lines, Math.max(0, due - lines));
      await sleep(WRITE_EVERY_MS);
    }
    const peakMb = peakRssMb(child.pid!);
    process.stdout.write(`${run.outputs.join(" + ")}: peak RSS ${peakMb.toFixed(0)} MB\n`);
    child.kill("SIGTERM");
    await once(child, "close");
  }
  const last = start(["--once"]);
  const [code] = (await once(last, "close")) as [number];
  if (code !== 0) errors++;
  return { lines, errors };
}

/** Of a process that runs. */
function peakRssMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return (Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024) / 1e6;
}

function configText(root: string, run: Case, endpoints: Readonly<Record<OutputName, string>>): string {
  const timeout = run.hasFaults ? ", request_timeout: 3s" : "";
  const all = (output: OutputName): string =>
    `match: "*", region: us-east-1, endpoint: "${endpoints[output]}"${timeout}`;
  const texts: Readonly<Record<OutputName, string>> = {
    // Small shipments where requests are to fail: many of them.
    s3: `{ name: s3, bucket: logs, format: json_lines, compression: zstd, ${run.hasFaults ? "total_file_size: 1M, " : ""}${all("s3")} }`,
    cloudwatch_logs: `{ name: cloudwatch_logs, log_group_name: logs, log_stream_prefix: x-, ${all("cloudwatch_logs")} }`,
    kinesis_firehose: `{ name: kinesis_firehose, delivery_stream: logs, ${all("kinesis_firehose")} }`,
  };
  return `service: { storage.path: ${root}/state, cluster: bench, hostname: bench, log_level: warn, grace: 30s }
pipeline:
  inputs: [{ name: tail, path: "${root}/logs/*.log", multiline.parser: cri }]
  outputs:
${run.outputs.map((output) => `    - ${texts[output]}`).join("\n")}
`;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

if (statSync(PROGRAM, { throwIfNoEntry: false }) === undefined) throw new Error(`${PROGRAM} is missing: npm run build`);
await main();
