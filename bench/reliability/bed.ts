import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { S3Process } from "./s3-process.ts";

const PROGRAM = new URL("../../dist/logq-agent.cjs", import.meta.url).pathname;
const CLOCK = new URL("shifted-clock.mjs", import.meta.url).href;
const ONCE_MS_MAX = 180_000;

/** The folders of a cell and the agent that runs in them. */
export interface Bed {
  readonly folder: string;
  readonly configPath: string;
  /** Below it: `var/log/pods`. */
  readonly root: string;
  readonly stores: Readonly<Record<string, string>>;
  /** Where the directory output stages. */
  readonly staging: string;
  readonly agent: AgentProcess;
  /** On a small file system of its own, which can be filled (`disk full` alone). */
  readonly small: string | null;
  readonly clock: string;
  /** Waits until nothing is shipped any more, ends the agent and ships the rest with `--once`. Throws if either fails. */
  drain(timeoutMs: number): Promise<void>;
  remove(): void;
}

export interface BedSpec {
  /** Of its folder. */
  readonly name: string;
  readonly links: boolean;
  readonly uploadTimeout: string;
  readonly s3: S3Process;
  /** The agent's clock can be shifted (shifted-clock.mjs). */
  readonly shiftsClock?: boolean;
  /** Puts the store and the state (with links: the journals alone) on a tmpfs of this size. Needs root. */
  readonly small?: { readonly megabytes: number } | null;
}

/** Makes the folders of a bed below `parent` and its configuration. */
export async function makeBed(parent: string, spec: BedSpec): Promise<Bed> {
  const { links, s3 } = spec;
  const folder = join(parent, spec.name);
  unmount(folder);
  rmSync(folder, { recursive: true, force: true });
  const root = join(folder, "node");
  const clock = join(folder, "clock");
  for (const path of [join(root, "var/log/containers"), clock]) mkdirSync(path, { recursive: true });
  const small = spec.small === null || spec.small === undefined ? null : mountSmall(folder, spec.small.megabytes);
  const state = small !== null && !links ? join(small, "state") : join(folder, "state");
  const store = join(small ?? folder, "store");
  const staging = join(store, "_staging");
  mkdirSync(staging, { recursive: true });
  if (small !== null && links) bindOutputs(small, state);
  const port = await freePort();
  const configPath = join(folder, "agent.yaml");
  writeFileSync(configPath, configText({ root, state, store, port, spec }));
  writeFileSync(join(clock, "offset"), "0");
  const env = {
    ...process.env,
    AWS_ACCESS_KEY_ID: "reliability",
    AWS_SECRET_ACCESS_KEY: "reliability",
    ...(spec.shiftsClock === true
      ? { NODE_OPTIONS: `--import=${CLOCK}`, LOGQ_CLOCK: clock, LOGQ_STAGING: staging }
      : {}),
  };
  const agent = new AgentProcess(configPath, join(folder, "agent.log"), env);
  const stores = { directory: store, s3: s3.data };
  return {
    folder,
    configPath,
    root,
    stores,
    staging,
    agent,
    small,
    clock,
    drain: async (timeoutMs) => await drain(agent, `http://127.0.0.1:${port}/metrics`, staging, timeoutMs),
    remove: () => {
      s3.remove();
      unmount(folder);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The agent's process: started, ended and started again, with what it logged and the CPU it took over all its lives. */
class AgentProcess {
  /** Of the lives that ended. */
  cpuSeconds = 0;
  starts = 0;
  readonly #configPath: string;
  readonly #logPath: string;
  readonly #env: NodeJS.ProcessEnv;
  #child: ChildProcess | null = null;
  #expectsEnd = false;

  constructor(configPath: string, logPath: string, env: NodeJS.ProcessEnv) {
    this.#configPath = configPath;
    this.#logPath = logPath;
    this.#env = env;
    writeFileSync(logPath, "");
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  start(): void {
    this.startProgram([PROGRAM, "-c", this.#configPath], false);
  }

  /** Starts another program in its place. `expectsEnd`: that it ends is no failure. */
  startProgram([program, ...args]: readonly [string, ...string[]], expectsEnd = true): void {
    this.starts++;
    this.#expectsEnd = expectsEnd;
    const child = spawn(program, args, {
      stdio: ["ignore", "ignore", "pipe"],
      env: this.#env,
    });
    child.stderr.on("data", (chunk: Buffer) => appendFileSync(this.#logPath, chunk));
    this.#child = child;
    child.on("exit", (code, signal) => {
      if (this.#expectsEnd) return;
      appendFileSync(
        this.#logPath,
        `${JSON.stringify({ level: "fatal", message: "the agent ended by itself", code, signal })}\n`,
      );
    });
  }

  /** Ends it by a signal, and waits until it has ended; a SIGTERM that takes more than 30 s is a failure. */
  async end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const child = this.#child!;
    this.#expectsEnd = true;
    if (child.exitCode !== null || child.signalCode !== null) return;
    this.cpuSeconds += cpuSecondsOf(this.pid);
    const ended = once(child, "close");
    child.kill(signal);
    const timer = setTimeout(() => {
      appendFileSync(
        this.#logPath,
        `${JSON.stringify({ level: "fatal", message: "SIGTERM did not end the agent in 30 s" })}\n`,
      );
      child.kill("SIGKILL");
    }, 30_000);
    await ended;
    clearTimeout(timer);
  }

  signal(signal: "SIGHUP" | "SIGUSR2"): void {
    this.#child!.kill(signal);
  }

  /** Waits until it ends: the signal that ended it, or its exit code; `still running` after `timeoutMs`. */
  async ended(timeoutMs: number): Promise<string> {
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const [code, signal] = (await once(this.#child!, "close", { signal: timeout })) as [number | null, string | null];
      return signal ?? `exit ${String(code)}`;
    } catch (error) {
      if (timeout.aborted) return "still running";
      throw error;
    }
  }

  /** Ships with `--once`; throws if it fails. */
  async runOnce(): Promise<void> {
    this.startProgram([PROGRAM, "-c", this.#configPath, "--once"]);
    const ended = await this.ended(ONCE_MS_MAX);
    if (ended !== "exit 0") throw new Error(`cannot ship the rest: logq-agent --once: ${ended}: see ${this.#logPath}`);
  }

  /** Its log's lines, of all lives. */
  logged(): Record<string, unknown>[] {
    const lines = readFileSync(this.#logPath, "utf8").split("\n");
    return lines.flatMap((line) => {
      try {
        return [JSON.parse(line) as Record<string, unknown>];
      } catch {
        return line.trim() === "" ? [] : [{ level: "fatal", message: line }];
      }
    });
  }
}

/** Waits until nothing is pending, by the agent's own account, and nothing staged; then ends it and ships with `--once`. */
async function drain(agent: AgentProcess, metrics: string, staging: string, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const pending = await pendingBytes(metrics);
    if (pending === 0 && readdirSync(staging).length === 0) break;
    if (performance.now() > deadline)
      throw new Error(`cannot drain: after ${timeoutMs / 1000} s ${pending ?? "?"} bytes are pending`);
    await sleep(200);
  }
  await agent.end("SIGTERM");
  await agent.runOnce();
}

/** Of all outputs; null while the agent does not answer. */
async function pendingBytes(metrics: string): Promise<number | null> {
  const text = await fetch(metrics, { signal: AbortSignal.timeout(5000) }).then(
    async (response) => await response.text(),
    () => "",
  );
  const figures = [...text.matchAll(/^logq_output_pending_bytes\{.*\} (\d+)/gm)];
  return figures.length === 0 ? null : figures.reduce((sum, [, bytes]) => sum + Number(bytes), 0);
}

/** A port of this machine that is free now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function configText(paths: { root: string; state: string; store: string; port: number; spec: BedSpec }): string {
  const { root, state, store, port, spec } = paths;
  const { links, s3, uploadTimeout } = spec;
  return `
service:
  storage.path: ${state}
  cluster: reliability
  hostname: node-a
  log_level: info
  http_server: on
  http_listen: 127.0.0.1
  http_port: ${port}
pipeline:
  inputs:
    - { name: tail, tag: kube.*, path: ${root}/var/log/containers/*.log, multiline.parser: cri, links: ${links ? "on" : "off"} }
  filters:
    - { name: kubernetes, match: kube.* }
  outputs:
    - { name: directory, alias: directory, match: "*", path: ${store}, upload_timeout: ${uploadTimeout} }
    - name: s3
      alias: s3
      match: "*"
      bucket: logs
      region: eu-central-1
      endpoint: ${s3.url}
      upload_timeout: ${uploadTimeout}
      request_timeout: 5s
`;
}

function mountSmall(folder: string, megabytes: number): string {
  const small = join(folder, "small");
  mkdirSync(small, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}M`, "tmpfs", small]);
  return small;
}

/** The journals on the small file system, while links stay possible: those must be on the logs' own. */
function bindOutputs(small: string, state: string): void {
  for (const path of [join(small, "outputs"), join(state, "outputs")]) mkdirSync(path, { recursive: true });
  execFileSync("mount", ["--bind", join(small, "outputs"), join(state, "outputs")]);
}

function unmount(folder: string): void {
  const mounts = readFileSync("/proc/mounts", "utf8").split("\n");
  for (const line of mounts.toReversed()) {
    const path = line.split(" ")[1] ?? "";
    if (path.startsWith(`${folder}/`)) execFileSync("umount", ["-l", path]);
  }
}

/** User and system time of a process in seconds; 0 if it has ended. */
function cpuSecondsOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}
