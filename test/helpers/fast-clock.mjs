// Loaded into an agent by NODE_OPTIONS=--import: since $LOGQ_EPOCH (milliseconds since 1970) its clock runs $LOGQ_SPEED times
// as fast, over restarts.
const RealDate = Date;
const epochMs = Number(process.env["LOGQ_EPOCH"]);
const speed = Number(process.env["LOGQ_SPEED"]);
const now = () => Math.floor(epochMs + (RealDate.now() - epochMs) * speed);

globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(now());
    else super(...args);
  }

  static now() {
    return now();
  }
};
