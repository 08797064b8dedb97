import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { AgentConfig } from "../config/config.ts";
import { flush, follow } from "./follow.ts";
import { startGrace } from "./grace.ts";
import { shipOnce, STOPPED_EARLY } from "./once.ts";
import { openPipeline, type Pipeline, type PipelineContext } from "./pipeline.ts";
import type { Probe } from "./probe.ts";
import { startTurn, type Reload } from "./reload.ts";
import { createSelfMetrics } from "./self-metrics.ts";
import { makePrivateFolder, makeStateFolder } from "./state/folder.ts";
import { readLife } from "./state/life.ts";
import { lockState } from "./state/lock.ts";
import { createHttp } from "./telemetry/http.ts";
import type { Logger } from "./telemetry/log.ts";
import { Telemetry } from "./telemetry/telemetry.ts";

export interface AgentOptions {
  /** Ship everything that is there now, then end. */
  readonly once: boolean;
  /** Aborted: ship what waits if that fits into grace, and end. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly probe?: Probe;
  /** Without it the configuration stays. */
  readonly reload?: Reload;
}

/** A filter `expect` with `action: exit` met a record that it does not expect. */
export class UnexpectedRecordError extends Error {
  override readonly name = "UnexpectedRecordError";
  /** As Fluent Bit's. */
  readonly exitCode = 255;
}

/**
 * Runs the agent until its work is done (`once`) or its signal is aborted; then it ends within the service's grace,
 * whatever hangs. Throws what keeps it from starting, and UnexpectedRecordError. What was abandoned keeps the lock until the process ends, so that
 * it can't wake up beside another agent.
 */
export async function runAgent(config: AgentConfig, options: AgentOptions): Promise<void> {
  const held = { config };
  const exit = exitOf(options.log);
  const signal = AbortSignal.any([options.signal, exit.signal]);
  using grace = startGrace(signal, () => held.config.service.graceMs);
  const isOver = grace.over.then(() => {
    options.log.warn({}, "abandoned what did not end within grace");
    if (options.once) throw new Error(STOPPED_EARLY);
  });
  try {
    await Promise.race([run(held, { ...options, signal, exit: exit.ask }), isOver]);
  } catch (error) {
    throw exit.error ?? error;
  }
  if (exit.error !== null) throw exit.error;
}

/** What ends the agent from inside. */
function exitOf(log: Logger) {
  const controller = new AbortController();
  let error: UnexpectedRecordError | null = null;
  return {
    signal: controller.signal,
    get error() {
      return error;
    },
    ask: (reason: string): void => {
      if (error !== null) return;
      log.error({}, `${reason}; ending, as its action says`);
      error = new UnexpectedRecordError(reason);
      controller.abort();
    },
  };
}

interface RunOptions extends AgentOptions {
  readonly exit: (reason: string) => void;
}

/** Runs one configuration after the other under one lock. `current` says which one holds. */
async function run(current: { config: AgentConfig }, options: RunOptions): Promise<void> {
  const { storagePath, graceMs } = current.config.service;
  const { log, signal: stop, probe = () => undefined, exit } = options;
  const explain = explainFor(storagePath);
  await makeStateFolder(storagePath).catch(explain);
  await makePrivateFolder(join(storagePath, "outputs")).catch(explain);
  using lock = await lockState(join(storagePath, "lock"), graceMs, stop).catch(unless(stop));
  if (lock === null) return;
  const { id: life, isNew: isNewLife } = await readLife(storagePath).catch(explain);
  const telemetry = new Telemetry(log, current.config.service.health);
  await using http = createHttp(telemetry, log, () => {
    const isOn = options.reload !== undefined && current.config.service.hotReload;
    // Once it is answered: a new configuration may end this very server.
    if (isOn) setImmediate(() => options.reload?.requests.ask());
    return isOn;
  });
  using selfMetrics = createSelfMetrics(telemetry, log);
  const held = new Map<string, FileHandle>();
  const context = { life, isNewLife, once: options.once, log, telemetry, probe, exit, held };
  let last: AgentConfig | null = null;
  try {
    for (;;) {
      const pipeline = await openPipeline(current.config, context).catch(
        last === null ? explain : goBackTo(last, context),
      );
      current.config = pipeline.config;
      const { health, http: address } = current.config.service;
      telemetry.configure(health);
      await http.configure(options.once ? null : address);
      selfMetrics.configure(options.once ? null : current.config.service);
      const next = await runPipeline(pipeline, telemetry, options);
      if (next === null) return;
      last = current.config;
      current.config = next;
      telemetry.reloads++;
      telemetry.recoveryMs = null;
      log.info({}, "reloaded the configuration");
    }
  } finally {
    for (const handle of held.values()) await handle.close();
  }
}

/** Runs until told to stop, or until a new configuration is there, which it returns. */
async function runPipeline(
  pipeline: Pipeline,
  telemetry: Telemetry,
  options: AgentOptions,
): Promise<AgentConfig | null> {
  const { once, log, signal, reload = null } = options;
  using turn = startTurn(pipeline.config, reload, signal, log);
  using grace = startGrace(turn.ended, () => pipeline.config.service.graceMs);
  const context = { stop: turn.ended, abandon: grace.abandon, telemetry, log };
  try {
    if (once) await shipOnce(pipeline, context);
    else await follow(pipeline, context);
    if (!once && turn.next === null) await flush(pipeline, context);
  } finally {
    await pipeline.close(grace.over);
  }
  return turn.next;
}

/** A new configuration that can't be opened gives way to the last one. */
function goBackTo(last: AgentConfig, context: PipelineContext): (error: unknown) => Promise<Pipeline> {
  return async (error) => {
    context.log.error({ err: error }, "cannot open the new configuration; going back to the old one");
    return await openPipeline(last, context);
  };
}

/** The words of a system call alone don't say what to do. */
function explainFor(storagePath: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof Error) || !("syscall" in error)) throw error;
    throw new Error(
      `cannot start on the state folder ${storagePath}: ${error.message}; make it writable, free space on its disk, or set service's storage.path`,
      { cause: error },
    );
  };
}

/** A start that is told to stop before it has the lock has not failed. */
function unless(stop: AbortSignal): (error: unknown) => null {
  return (error) => {
    if (stop.aborted) return null;
    throw error;
  };
}
