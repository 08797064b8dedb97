import type { HealthConfig } from "../../config/service.ts";
import type { ApiState } from "../filter/kubernetes/metadata.ts";
import type { FollowedFile } from "../input/tail/followed-file.ts";
import type { Mount } from "../input/tail/mounts.ts";
import { judgeHealth, type HealthReport, type LookFailure, type UnlistedFolder } from "./health.ts";
import { LagTracker, type LagView } from "./lag.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import type { Logger } from "./log.ts";
import { failureOf, OutputStats } from "./output-stats.ts";

/** Waiting bytes are looked at at most so often. */
const SAMPLE_MS = 10_000;

/** What telemetry sees of an output that is at work. */
export interface ObservedOutput extends LagView {
  readonly id: string;
  readonly uploadTimeoutMs: number;
}

interface Output {
  readonly stats: OutputStats;
  readonly lag: LagTracker;
  /** Null: it is configured no more. */
  view: ObservedOutput | null;
}

/**
 * What the agent knows of itself, from start to end, over reloads. The pipeline tells it what happens; metrics and health
 * read it when they are asked. All times are milliseconds of `performance.now()`, which never jumps.
 */
export class Telemetry {
  readonly ledger: Ledger;
  readonly startedAtMs = performance.now();
  /** How long the last start or reload took to finish what was interrupted and look at every file; null: not done yet. */
  recoveryMs: number | null = null;
  reloads = 0;
  /** The files that are followed now. */
  files: () => Iterable<FollowedFile> = () => [];
  /** How the files of each mount are kept from vanishing. */
  mounts: () => readonly Mount[] = () => [];
  /** Disk space of files without a name, which the agent alone keeps, at the last look. */
  keptBytes: () => number = () => 0;
  /** What asking the Kubernetes API comes to; null: it is not asked. */
  podApi: () => ApiState | null = () => null;
  /** Files whose pod is not known yet. */
  filesAwaitingPod: () => number = () => 0;
  /** The folders of the inputs that can't be listed. */
  unlisted: () => readonly UnlistedFolder[] = () => [];
  #health: HealthConfig;
  #lookFailure: LookFailure | null = null;
  #sampledAtMs = -Infinity;
  readonly #outputs = new Map<string, Output>();

  constructor(log: Logger, health: HealthConfig) {
    this.ledger = createLedger(log);
    this.#health = health;
  }

  /** A reload brought other limits. */
  configure(health: HealthConfig): void {
    this.#health = health;
  }

  /** An output's figures, which it keeps itself. */
  statsOf(id: string): OutputStats {
    return this.#output(id).stats;
  }

  /** An output goes to work with these positions. */
  attach(view: ObservedOutput): void {
    this.ledger.attach(view.id, view);
    this.#output(view.id).view = view;
  }

  /** An output ends; its totals stay. */
  detach(id: string): void {
    this.ledger.detach(id);
    const output = this.#output(id);
    output.view = null;
    output.stats.recovered();
  }

  /** A round of looking after the files is over; `error` if it failed. */
  looked(error: unknown, nowMs = performance.now()): void {
    if (error === null) this.#lookFailure = null;
    else {
      this.#lookFailure = { message: failureOf(error).message, sinceMs: this.#lookFailure?.sinceMs ?? nowMs };
    }
    this.sample(nowMs);
  }

  /** Notes what waits, if the last note is old enough. */
  sample(nowMs = performance.now(), everyMs = SAMPLE_MS): void {
    if (nowMs - this.#sampledAtMs < everyMs) return;
    this.#sampledAtMs = nowMs;
    for (const { view, lag } of this.#outputs.values()) if (view !== null) lag.sample(view, nowMs);
  }

  /** The outputs at work. */
  outputs(): { id: string; stats: OutputStats; lag: LagTracker; uploadTimeoutMs: number }[] {
    return [...this.#outputs].flatMap(([id, { stats, lag, view }]) =>
      view === null ? [] : [{ id, stats, lag, uploadTimeoutMs: view.uploadTimeoutMs }],
    );
  }

  health(nowMs = performance.now()): HealthReport {
    const outputs = this.outputs().map(({ lag, ...output }) => ({
      ...output,
      stuck: (afterMs: number) => lag.stuck(afterMs, nowMs),
    }));
    const podApi = this.podApi()?.error ?? null;
    const condition = { outputs, look: this.#lookFailure, unlisted: this.unlisted(), podApi };
    return judgeHealth(this.#health, condition, nowMs);
  }

  #output(id: string): Output {
    let output = this.#outputs.get(id);
    if (output === undefined) {
      output = { stats: new OutputStats(), lag: new LagTracker(), view: null };
      this.#outputs.set(id, output);
    }
    return output;
  }
}
