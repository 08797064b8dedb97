import { neutralise } from "../render/terminal-text.ts";
import type { Check } from "./check.ts";

const COLORS: Readonly<Record<Check["status"], number>> = { ok: 32, warn: 33, fail: 31 };
const STATUS_WIDTH = 4;

/** A line for each check; what is to be done is said once for those that it is good for. */
export function checkLines(checks: readonly Check[], color: boolean): string {
  return checks
    .map(({ name, status, message, hint }, i) => {
      const word = status.padEnd(STATUS_WIDTH);
      const shown = color ? `\x1b[${COLORS[status]}m${word}\x1b[0m` : word;
      const isLast = checks[i + 1]?.hint !== hint;
      const advice = hint === null || !isLast ? "" : `${" ".repeat(STATUS_WIDTH + 2)}→ ${neutralise(hint)}\n`;
      return `${shown}  ${name}: ${neutralise(message)}\n${advice}`;
    })
    .join("");
}
