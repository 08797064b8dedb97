import type { AgentConfig } from "../config/config.ts";
import type { Logger } from "./telemetry/log.ts";

/** Where somebody asks for the configuration to be read anew: SIGHUP. Several requests in a row count as one. */
export interface ReloadRequests {
  ask(): void;
  /** Whether one was asked for since the last call. */
  take(): boolean;
  /** Who hears of a request; one at a time. */
  onAsk: (() => void) | null;
}

export function createReloadRequests(): ReloadRequests {
  let asked = false;
  const requests: ReloadRequests = {
    onAsk: null,
    ask: () => {
      asked = true;
      requests.onAsk?.();
    },
    take: () => {
      const was = asked;
      asked = false;
      return was;
    },
  };
  return requests;
}

export interface Reload {
  readonly requests: ReloadRequests;
  /** Reads the configuration file. Throws if it is broken. */
  load(): AgentConfig;
}

/** The time in which one configuration holds. */
export interface Turn extends Disposable {
  /** Aborted when the agent is told to stop, or a new configuration is there. */
  readonly ended: AbortSignal;
  /** The new configuration, or null. */
  readonly next: AgentConfig | null;
}

/** Lets `current` hold until `stop` is aborted or a reload is asked for and its configuration is good. */
export function startTurn(current: AgentConfig, reload: Reload | null, stop: AbortSignal, log: Logger): Turn {
  const ended = new AbortController();
  let next: AgentConfig | null = null;
  const end = (): void => ended.abort();
  const consider = (): void => {
    if (ended.signal.aborted || reload?.requests.take() !== true) return;
    next = loadNext(current, reload, log);
    if (next !== null) end();
  };
  stop.addEventListener("abort", end);
  if (reload !== null) reload.requests.onAsk = consider;
  if (stop.aborted) end();
  consider();
  return {
    ended: ended.signal,
    get next() {
      return next;
    },
    [Symbol.dispose]: () => {
      stop.removeEventListener("abort", end);
      if (reload !== null) reload.requests.onAsk = null;
    },
  };
}

/** The new configuration if it can take over, else null, and the log says why. */
function loadNext(current: AgentConfig, reload: Reload, log: Logger): AgentConfig | null {
  const { storagePath, hotReload, logLevel } = current.service;
  if (!hotReload) {
    log.warn({}, "a reload was asked for, but service's hot_reload is off; restart the agent");
    return null;
  }
  let next: AgentConfig;
  try {
    next = reload.load();
  } catch (error) {
    const problems = (error as Error).message.split("\n");
    log.error({ problems }, "cannot reload: the new configuration is broken; going on with the old one");
    return null;
  }
  if (next.service.storagePath !== storagePath) {
    const fields = { storagePath, newStoragePath: next.service.storagePath };
    log.error(fields, "cannot reload: storage.path has changed; going on with the old one; restart the agent to move");
    return null;
  }
  if (next.service.logLevel !== logLevel)
    log.warn({ logLevel }, "log_level stays as it is until the agent is restarted");
  return next;
}
