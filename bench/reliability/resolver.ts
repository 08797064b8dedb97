import { spawn, type ChildProcess } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { appendFileSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** What an agent did whose name server never answers. */
export interface ResolverResult {
  readonly at: string;
  /** From writing a line to its object in the directory, by how many outputs ask for names beside. */
  readonly runs: readonly ResolverRun[];
}

interface ResolverRun {
  /** Outputs whose names are never answered. */
  readonly silentOutputs: number;
  readonly lagMs: readonly number[];
  readonly healthMs: readonly number[];
  /** Packets that reached the name server. */
  readonly questions: number;
  /** From SIGTERM to the end of the process, and its exit code. */
  readonly endMs: number;
  readonly code: number | null;
}

const PROGRAM = new URL("../../dist/logq-agent.cjs", import.meta.url).pathname;
/** An address of this machine that nobody else uses: a name server has no other port. */
const SERVER = "127.77.0.53";
const HTTP_PORT = 20_253;
const GRACE_SECONDS = 1;
const LINES = 25;
/** The outputs have begun to ask by then, and a thread waits. */
const SETTLE_MS = 6000;
const POLL_MS = 20;
const LAG_MS_MAX = 30_000;

/**
 * Runs the built agent with a name server that takes questions and never answers, by a mount namespace in which
 * /etc/resolv.conf is another file: root is needed. Once with three outputs that ask, and once with none, to compare.
 */
export async function runResolver(folder: string): Promise<ResolverResult> {
  const server = createSocket("udp4");
  let questions = 0;
  server.on("message", () => questions++);
  server.bind(53, SERVER);
  await once(server, "listening");
  try {
    const runs: ResolverRun[] = [];
    for (const silentOutputs of [0, 3]) {
      questions = 0;
      const run = await runAgent(join(folder, "resolver"), silentOutputs);
      runs.push({ ...run, silentOutputs, questions });
    }
    return { at: new Date().toISOString(), runs };
  } finally {
    server.close();
  }
}

/** What is wrong with a result, for who asks; empty if all is as it should be. */
export function resolverFailures({ runs: [alone, beside] }: ResolverResult): string[] {
  const found: string[] = [];
  const check = (isGood: boolean, what: string): void => void (isGood || found.push(what));
  if (alone === undefined || beside === undefined) return ["it was not run"];
  check(beside.questions > 0, "no question reached the name server, so nothing was proved");
  check(
    Math.max(...beside.lagMs) <= Math.max(...alone.lagMs) + 1000,
    "another output was delayed by more than a second",
  );
  check(Math.max(...beside.healthMs) <= 1000, "health took more than a second");
  check(
    beside.endMs <= (GRACE_SECONDS + 1) * 1000,
    `it took ${beside.endMs.toFixed(0)} ms to end, with grace ${GRACE_SECONDS}`,
  );
  check(beside.code === 0, `its exit code was ${String(beside.code)}`);
  return found;
}

/** The page's section. */
export function renderResolver(result: ResolverResult | null): string {
  if (result === null) return "";
  const rows = result.runs.map(({ silentOutputs, lagMs, healthMs, questions, endMs, code }) =>
    [
      silentOutputs,
      `${seconds(middle(lagMs))} / ${seconds(Math.max(...lagMs))}`,
      `${middle(healthMs).toFixed(0)} / ${Math.max(...healthMs).toFixed(0)}`,
      questions,
      seconds(endMs),
      code ?? "none",
    ].join(" | "),
  );
  return `## A resolver that never answers

\`npm run reliability -- resolver\` (root): the name server of /etc/resolv.conf takes questions and never answers. Three outputs (S3,
CloudWatch Logs, Firehose) ask it for ever; a fourth writes into a directory with \`upload_timeout 1s\`, ${LINES} lines one after the
other. \`grace\` is ${GRACE_SECONDS} s; ${result.at.slice(0, 10)}.

| outputs that ask | write to object, s: median / most | health, ms: median / most | questions | SIGTERM to the end, s | exit code |
| --- | --- | --- | --- | --- | --- |
${rows.map((row) => `| ${row} |`).join("\n")}
`;
}

async function runAgent(
  root: string,
  silentOutputs: number,
): Promise<Omit<ResolverRun, "silentOutputs" | "questions">> {
  rmSync(root, { recursive: true, force: true });
  mkdirSync(join(root, "store"), { recursive: true });
  writeFileSync(join(root, "resolv.conf"), `nameserver ${SERVER}\noptions timeout:5 attempts:3\n`);
  writeFileSync(join(root, "agent.yaml"), configOf(root, silentOutputs));
  appendFileSync(join(root, "a.log"), lineOf("first."));
  const agent = startAgent(root);
  const ended = once(agent, "close") as Promise<[number | null]>;
  try {
    await Promise.race([untilStored(root, "first."), ended.then(() => Promise.reject(new Error(failureOf(root))))]);
    await sleep(SETTLE_MS);
    const [lagMs, healthMs]: [number[], number[]] = [[], []];
    for (let i = 0; i < LINES; i++) {
      const writtenAtMs = performance.now();
      appendFileSync(join(root, "a.log"), lineOf(`line ${i}.`));
      const asked = await fetch(`http://127.0.0.1:${HTTP_PORT}/api/v1/health`);
      await asked.text();
      healthMs.push(performance.now() - writtenAtMs);
      await untilStored(root, `line ${i}.`);
      lagMs.push(performance.now() - writtenAtMs);
    }
    const toldAtMs = performance.now();
    agent.kill("SIGTERM");
    const [code] = await ended;
    return { lagMs, healthMs, endMs: performance.now() - toldAtMs, code };
  } finally {
    agent.kill("SIGKILL");
  }
}

function startAgent(root: string): ChildProcess {
  const credentials = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", AWS_EC2_METADATA_DISABLED: "true" };
  const script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
  const command = ["sh", "-c", script, join(root, "resolv.conf"), PROGRAM, "-c", join(root, "agent.yaml")];
  return spawn("unshare", ["--mount", ...command], {
    env: { ...process.env, ...credentials },
    stdio: ["ignore", "ignore", openSync(join(root, "stderr"), "w")],
  });
}

function configOf(root: string, silentOutputs: number): string {
  const common = 'match: "*", region: eu-west-1';
  const silent = [
    `{ name: s3, ${common}, bucket: logs, endpoint: "https://s3.never.example", upload_timeout: 1s }`,
    `{ name: cloudwatch_logs, ${common}, log_group_name: logs, log_stream_prefix: x-, endpoint: "https://logs.never.example" }`,
    `{ name: kinesis_firehose, ${common}, delivery_stream: logs, endpoint: "https://firehose.never.example" }`,
  ].slice(0, silentOutputs);
  const heard = `{ name: directory, match: "*", path: "${root}/store", format: json_lines, compression: none, upload_timeout: 1s }`;
  const http = `http_server: on, http_listen: 127.0.0.1, http_port: ${HTTP_PORT}`;
  return `service: { storage.path: ${root}/state, cluster: prod, hostname: node-1, ${http}, grace: ${GRACE_SECONDS} }
pipeline:
  inputs: [{ name: tail, path: "${root}/*.log", multiline.parser: cri, refresh_interval: 1 }]
  outputs:
${[...silent, heard].map((output) => `    - ${output}\n`).join("")}`;
}

function lineOf(text: string): string {
  return `${new Date().toISOString()} stdout F ${text}\n`;
}

async function untilStored(root: string, text: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < LAG_MS_MAX; waitedMs += POLL_MS) {
    const names = readdirSync(join(root, "store"), { recursive: true, encoding: "utf8" });
    const objects = names.filter((name) => name.startsWith("cluster=") && name.endsWith(".json"));
    if (objects.some((name) => readFileSync(join(root, "store", name), "utf8").includes(text))) return;
    await sleep(POLL_MS);
  }
  throw new Error(`"${text}" was not stored within ${LAG_MS_MAX} ms: ${failureOf(root)}`);
}

function failureOf(root: string): string {
  return `the agent said: ${readFileSync(join(root, "stderr"), "utf8").slice(-500)}`;
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(2);
}
