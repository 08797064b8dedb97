import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { AgentConfig } from "../config/config.ts";
import { follow } from "./follow.ts";
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
  /** Aborted: finish or abandon what is under way, and end. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly probe?: Probe;
}

/** Runs the agent until its work is done (`once`) or its signal is aborted. Throws what keeps it from starting. */
export async function runAgent(config: AgentConfig, options: AgentOptions): Promise<void> {
  const { storagePath, graceMs } = config.service;
  const { once, log, signal, probe = () => undefined } = options;
  await mkdir(join(storagePath, "outputs"), { recursive: true });
  using _lock = await lockState(join(storagePath, "lock"), graceMs, signal);
  const life = await readLife(storagePath);
  const ledger = createLedger(log);
  await using pipeline = await openPipeline(config, { life, once, log, ledger, signal, probe });
  if (once) await shipOnce(pipeline, signal);
  else await follow(pipeline, { signal, log });
}
