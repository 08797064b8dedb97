import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { AgentConfig } from "../config/config.ts";
import { follow } from "./follow.ts";
import { startGrace } from "./grace.ts";
import { shipOnce } from "./once.ts";
import { openPipeline } from "./pipeline.ts";
import type { Probe } from "./probe.ts";
import { readLife } from "./state/life.ts";
import { lockState } from "./state/lock.ts";
import { createLedger } from "./telemetry/ledger.ts";
import type { Logger } from "./telemetry/log.ts";

export interface AgentOptions {
  /** Ship everything that is there now, then end. */
  readonly once: boolean;
  /** Aborted: ship what waits if that fits into grace, and end. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly probe?: Probe;
}

/**
 * Runs the agent until its work is done (`once`) or its signal is aborted; then it ends within the service's grace,
 * whatever hangs. Throws what keeps it from starting. What was abandoned keeps the lock until the process ends, so that
 * it can't wake up beside another agent.
 */
export async function runAgent(config: AgentConfig, options: AgentOptions): Promise<void> {
  const { graceMs } = config.service;
  using grace = startGrace(options.signal, graceMs);
  const isOver = grace.over.then(() => options.log.warn({ graceMs }, "abandoned what did not end within grace"));
  await Promise.race([run(config, options, grace.abandon), isOver]);
}

async function run(config: AgentConfig, options: AgentOptions, abandon: AbortSignal): Promise<void> {
  const { storagePath, graceMs } = config.service;
  const { once, log, signal: stop, probe = () => undefined } = options;
  await mkdir(join(storagePath, "outputs"), { recursive: true });
  using lock = await lockState(join(storagePath, "lock"), graceMs, stop).catch(unless(stop));
  if (lock === null) return;
  const life = await readLife(storagePath);
  const ledger = createLedger(log);
  await using pipeline = await openPipeline(config, { life, once, log, ledger, probe });
  if (once) await shipOnce(pipeline, { stop, abandon });
  else await follow(pipeline, { stop, abandon, log });
}

/** A start that is told to stop before it has the lock has not failed. */
function unless(stop: AbortSignal): (error: unknown) => null {
  return (error) => {
    if (stop.aborted) return null;
    throw error;
  };
}
