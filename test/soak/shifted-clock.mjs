// Preloaded into the agent (NODE_OPTIONS=--import=…): its wall clock and its monotonic one are the machine's plus the
// milliseconds that stand in the file which SOAK_CLOCK names; they may change at any time.
import { openSync, readSync } from "node:fs";

const file = openSync(process.env.SOAK_CLOCK, "r");
const bytes = Buffer.alloc(40);
const realWall = Date.now;
const realMonotonic = performance.now.bind(performance);

function offsets() {
  return bytes.toString("latin1", 0, readSync(file, bytes, 0, bytes.length, 0)).split(" ");
}

function now() {
  return realWall() + Number(offsets()[0]);
}

performance.now = () => realMonotonic() + Number(offsets()[1]);
globalThis.Date = class extends Date {
  constructor(...values) {
    super(...(values.length === 0 ? [now()] : values));
  }
  static now() {
    return now();
  }
};
