// Loaded into the agent by NODE_OPTIONS=--import: its clock is off by the milliseconds in $LOGQ_CLOCK/offset, which is read
// at the start and on SIGUSR2. Each signal is noted in $LOGQ_CLOCK/jumps with what was staged at that moment.
import { appendFileSync, readdirSync, readFileSync } from "node:fs";

const folder = process.env["LOGQ_CLOCK"] ?? "";
const RealDate = Date;
let offsetMs = readOffset();

globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + offsetMs);
    else super(...args);
  }

  static now() {
    return RealDate.now() + offsetMs;
  }
};

process.on("SIGUSR2", () => {
  offsetMs = readOffset();
  appendFileSync(`${folder}/jumps`, `${readdirSync(process.env["LOGQ_STAGING"]).length}\n`);
});

function readOffset() {
  return Number(readFileSync(`${folder}/offset`, "utf8"));
}
