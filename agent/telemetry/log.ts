import { destination, pino, stdTimeFunctions } from "pino";

import type { ServiceConfig } from "../../config/service.ts";
import { printableJson } from "./printable.ts";

/** What the agent says of itself: fields for machines, a constant message for people. pino's loggers are of this shape. */
export interface Logger {
  error(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  info(fields: object, message: string): void;
  debug(fields: object, message: string): void;
  trace(fields: object, message: string): void;
}

/** Logs JSON lines to stderr. Writes are synchronous: the last words before an exit are the ones that matter. */
export function createLog(level: ServiceConfig["logLevel"]): Logger {
  const options = {
    level: level === "off" ? "silent" : level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    messageKey: "message",
    hooks: { streamWrite: printableJson },
  };
  return pino(options, destination({ dest: 2, sync: true }));
}

/** Time for `rateLimited`; tests bring a manual one. */
export interface Clock {
  /** Runs `callback` once, after `delayMs`. */
  after(delayMs: number, callback: () => void): void;
}

const REPEAT_INTERVAL_MS = 1_000;
/** Different faults that are told apart within one second; those beyond count as one. */
const FAULTS_MAX = 256;

/**
 * The same fault at most once a second: errors and warnings with the message of one that was logged less than a second
 * ago, of the same output and file, are counted, and the second ends with the last of them and their number, `leftOut`.
 * Other levels pass through.
 */
export function rateLimited(log: Logger, clock: Clock = systemClock): Logger {
  const open = new Map<string, { leftOut: number; last: () => void }>();

  function limit(level: "error" | "warn"): Logger["error"] {
    return (fields, message) => {
      const known = `${level} ${message}${placeOf(fields)}`;
      const key = open.has(known) || open.size < FAULTS_MAX ? known : "other";
      const fault = open.get(key);
      if (fault === undefined) {
        log[level](fields, message);
        open.set(key, { leftOut: 0, last: () => undefined });
        clock.after(REPEAT_INTERVAL_MS, () => closeSecond(key));
        return;
      }
      fault.leftOut++;
      // The line stands for itself and for the ones before it.
      fault.last = () => log[level]({ ...fields, leftOut: fault.leftOut - 1 }, message);
    };
  }

  function closeSecond(key: string): void {
    const fault = open.get(key);
    open.delete(key);
    if (fault === undefined || fault.leftOut === 0) return;
    fault.last();
    open.set(key, { leftOut: 0, last: () => undefined });
    clock.after(REPEAT_INTERVAL_MS, () => closeSecond(key));
  }

  return {
    error: limit("error"),
    warn: limit("warn"),
    info: (fields, message) => log.info(fields, message),
    debug: (fields, message) => log.debug(fields, message),
    trace: (fields, message) => log.trace(fields, message),
  };
}

/** Which output, file or notice a line is about: one must not hide another. */
function placeOf(fields: object): string {
  const { output, file, path, notice } = fields as Record<string, unknown>;
  return [output, file, path, notice].map((each) => (typeof each === "string" ? ` ${each}` : " -")).join("");
}

const systemClock: Clock = {
  after: (delayMs, callback) => {
    // Counting repeats must not keep the agent from ending.
    setTimeout(callback, delayMs).unref();
  },
};
