// Loaded into logq by NODE_OPTIONS=--import: its clock stands at the milliseconds since 1970 in $LOGQ_BENCH_NOW when it starts.
const RealDate = Date;
const offsetMs = Number(process.env["LOGQ_BENCH_NOW"]) - RealDate.now();

globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + offsetMs);
    else super(...args);
  }

  static now() {
    return RealDate.now() + offsetMs;
  }
};
