/** One line on a terminal that says that a query is still running. */
import type { Writable } from "node:stream";

const FIRST_AFTER_MS = 400;
const EVERY_MS = 250;

export interface Progress {
  /** Takes the line away for good; must precede any other output. */
  stop(): void;
}

/** Shows `message` and the seconds so far, once the query takes longer than a glance. Does nothing if not `enabled`. */
export function startProgress(stderr: Writable, enabled: boolean, message: string | (() => string)): Progress {
  if (!enabled) return { stop: () => {} };
  const startMs = performance.now();
  let shown = false;
  const timer = setInterval(() => {
    const elapsedMs = performance.now() - startMs;
    if (elapsedMs < FIRST_AFTER_MS) return;
    shown = true;
    stderr.write(
      `\r\x1b[2K${typeof message === "string" ? message : message()} … ${(elapsedMs / 1000).toFixed(1)} s (Ctrl-C stops)`,
    );
  }, EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      if (shown) stderr.write("\r\x1b[2K");
      shown = false;
    },
  };
}
