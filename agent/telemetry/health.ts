import type { HealthConfig } from "../../config/service.ts";
import type { StuckChain } from "./lag.ts";
import type { OutputStats } from "./output-stats.ts";

/** A round of looking after the files may fail once; an input that fails for so long is a reason. */
const LOOK_FAILING_MS = 30_000;
/** An output with a long `upload_timeout` is given several of them. */
const STUCK_TIMEOUTS = 5;
/** The API server is restarted now and then. */
const API_FAILING_MS = 60_000;
const DISK_FULL = new Set(["ENOSPC", "EDQUOT"]);

export interface HealthReport {
  readonly healthy: boolean;
  /** What is wrong, one sentence each. */
  readonly reasons: readonly string[];
}

export interface OutputHealth {
  readonly id: string;
  readonly uploadTimeoutMs: number;
  readonly stats: OutputStats;
  /** Chains without progress for so long. */
  readonly stuck: (afterMs: number) => StuckChain[];
}

export interface LookFailure {
  readonly message: string;
  readonly sinceMs: number;
}

/** A folder that an input must look into, and can't. */
export interface UnlistedFolder {
  readonly path: string;
  readonly message: string;
}

/** What health is judged by. */
export interface Condition {
  readonly outputs: readonly OutputHealth[];
  readonly look: LookFailure | null;
  readonly unlisted: readonly UnlistedFolder[];
  /** What keeps the Kubernetes API from being asked, and since when. */
  readonly podApi: LookFailure | null;
}

/** Judges the agent at `nowMs` of `performance.now()`. Pure. */
export function judgeHealth(config: HealthConfig, condition: Condition, nowMs: number): HealthReport {
  const { outputs, look, unlisted, podApi } = condition;
  const reasons: string[] = [];
  const [folder, ...folders] = unlisted;
  if (folder !== undefined)
    reasons.push(`cannot list ${folder.path}${andOthers(folders.length, "folders")}: ${folder.message}`);
  if (look !== null && nowMs - look.sinceMs >= LOOK_FAILING_MS)
    reasons.push(`files can't be looked after for ${seconds(nowMs - look.sinceMs)}: ${look.message}`);
  if (podApi !== null && nowMs - podApi.sinceMs >= API_FAILING_MS)
    reasons.push(
      `the Kubernetes API can't be asked for ${seconds(nowMs - podApi.sinceMs)}, so new pods are shipped with what their paths say: ${podApi.message}`,
    );
  for (const output of outputs) reasons.push(...reasonsOf(output, config, nowMs));
  return { healthy: reasons.length === 0 || !config.enabled, reasons };
}

function reasonsOf({ id, stats, uploadTimeoutMs, stuck }: OutputHealth, config: HealthConfig, nowMs: number): string[] {
  const reasons: string[] = [];
  const { failing } = stats;
  if (failing !== null && DISK_FULL.has(failing.code ?? ""))
    reasons.push(`output ${id}: disk full: ${failing.message}`);
  else if (failing?.permanent === true) reasons.push(`output ${id}: somebody must act: ${failing.message}`);
  const errors = stats.failuresSince(nowMs - config.periodMs);
  if (errors > config.errorsMax) {
    const last = failing === null ? "" : `, the last: ${failing.message}`;
    reasons.push(`output ${id}: ${errors} failures in ${seconds(config.periodMs)}${last}`);
  }
  const [first, ...others] = stuck(Math.max(config.stuckAfterMs, STUCK_TIMEOUTS * uploadTimeoutMs));
  if (first !== undefined) {
    const where = `${first.path}${andOthers(others.length, "files")}`;
    reasons.push(
      `output ${id}: no progress for ${seconds(first.forMs)} with ${first.pendingBytes} bytes waiting in ${where}`,
    );
  }
  return reasons;
}

function andOthers(count: number, what: string): string {
  return count === 0 ? "" : `, and ${count} other ${what}`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
