import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const PROGRAM = new URL("../../dist/logq-agent.cjs", import.meta.url).pathname;
const CLOCK = new URL("./shifted-clock.mjs", import.meta.url).pathname;

export interface AgentFiles {
  readonly configPath: string;
  /** Gets what the agent says. */
  readonly logPath: string;
  /** Milliseconds to add to its clock. */
  readonly clockPath: string;
}

/** The agent's descriptors, by what they are open for. */
export interface Descriptors {
  readonly total: number;
  /** Inodes of files. */
  readonly inodes: ReadonlySet<number>;
  /** Names of files that have no name any more. */
  readonly deleted: readonly string[];
}

/** The built agent as a child process, over its lives. An end that nobody asked for is a violation. */
export class AgentProcess {
  readonly #files: AgentFiles;
  readonly violations: string[] = [];
  #child: ChildProcess | null = null;
  #isEnding = false;
  #startedAtMs = 0;
  starts = 0;

  constructor(files: AgentFiles) {
    this.#files = files;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** How long this life has lasted. */
  get ageMs(): number {
    return performance.now() - this.#startedAtMs;
  }

  start(): void {
    if (this.#child !== null) return;
    const { configPath, logPath, clockPath } = this.#files;
    const log = openSync(logPath, "a");
    const child = spawn(PROGRAM, ["-c", configPath], {
      stdio: ["ignore", log, log],
      env: {
        ...process.env,
        PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`,
        NODE_OPTIONS: `--import=${CLOCK}`,
        SOAK_CLOCK: clockPath,
        AWS_ACCESS_KEY_ID: "soak",
        AWS_SECRET_ACCESS_KEY: "soak",
      },
    });
    closeSync(log);
    this.#child = child;
    this.#isEnding = false;
    this.#startedAtMs = performance.now();
    this.starts++;
    child.on("exit", (code, signal) => {
      if (!this.#isEnding)
        this.violations.push(`the agent ended by itself: exit ${code}, signal ${signal}; see ${logPath}`);
      if (this.#child === child) this.#child = null;
    });
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** Ends it and waits; a SIGTERM must be obeyed within `graceMs`. */
  async end(name: "SIGKILL" | "SIGTERM", graceMs: number): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#isEnding = true;
    const ended = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
    child.kill(name);
    const late = sleep(graceMs, "late" as const, { ref: false });
    const result = await Promise.race([ended, late]);
    if (result === "late") {
      this.violations.push(`${name} was not obeyed within ${graceMs} ms`);
      child.kill("SIGKILL");
      await ended;
    } else if (name === "SIGTERM" && result[0] !== 0 && result[1] !== "SIGTERM")
      this.violations.push(`after SIGTERM it ended with exit ${result[0]}, signal ${result[1]}`);
    this.#child = null;
  }

  /** Resident memory in MB, or null while it is down. */
  residentMb(): number | null {
    try {
      const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
      return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024;
    } catch {
      return null;
    }
  }

  descriptors(): Descriptors {
    const folder = `/proc/${this.pid}/fd`;
    const inodes = new Set<number>();
    const deleted: string[] = [];
    let total = 0;
    for (const name of listIfPresent(folder)) {
      try {
        const target = readlinkSync(join(folder, name));
        total++;
        if (!target.startsWith("/")) continue;
        inodes.add(statSync(join(folder, name)).ino);
        if (target.endsWith(" (deleted)")) deleted.push(target);
      } catch {
        // Closed meanwhile.
      }
    }
    return { total, inodes, deleted };
  }
}

function listIfPresent(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
