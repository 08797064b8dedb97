import type { HealthConfig } from "../../config/config.ts";
import type { StuckChain } from "./lag.ts";
import type { OutputStats } from "./output-stats.ts";

/** A round of looking after the files may fail once; an input that fails for so long is a reason. */
const LOOK_FAILING_MS = 30_000;
/** An output with a long `upload_timeout` is given several of them. */
const STUCK_TIMEOUTS = 5;
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

/** Judges the agent at `nowMs` of `performance.now()`. Pure. */
export function judgeHealth(
  config: HealthConfig,
  outputs: readonly OutputHealth[],
  look: LookFailure | null,
  nowMs: number,
): HealthReport {
  const reasons: string[] = [];
  if (look !== null && nowMs - look.sinceMs >= LOOK_FAILING_MS)
    reasons.push(`files can't be looked after for ${seconds(nowMs - look.sinceMs)}: ${look.message}`);
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
    const more = others.length === 0 ? "" : `, and ${others.length} other files`;
    reasons.push(
      `output ${id}: no progress for ${seconds(first.forMs)} with ${first.pendingBytes} bytes waiting in ${first.path}${more}`,
    );
  }
  return reasons;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
