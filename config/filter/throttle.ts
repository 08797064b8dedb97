import { MATCH, readMatch, renderMatch, type Match } from "../match.ts";
import type { OptionGroup } from "../option.ts";
import { refuseOption, type Plugin } from "../plugin.ts";
import { ONE_LOG_LEVEL, ONLY_OUTPUTS_HAVE_NAMES } from "../reasons.ts";
import { formatDuration } from "../scalar.ts";
import { readSettings } from "../settings.ts";

export interface ThrottleConfig {
  readonly plugin: "throttle";
  readonly match: Match;
  /** Records of a container in an interval, on average over the window. */
  readonly rate: number;
  /** Intervals. */
  readonly window: number;
  readonly intervalMs: number;
}

/** What Fluent Bit takes in place of less than it. */
const RATE_MIN = 1;
const WINDOW_MIN = 2;
const WINDOW_DEFAULT = 5;

const GROUP = {
  doc: "Drops records of a container that writes more than its rate: each container has a rate of its own, counted by the records' time and anew in each shipment.",
  options: {
    ...MATCH,
    rate: {
      type: "string",
      default: "1",
      origin: "fluent-bit",
      doc: "Records in an interval, on average over the window; 1 at least.",
    },
    window: {
      type: "integer",
      default: "5",
      max: "100000",
      origin: "fluent-bit",
      doc: "Intervals that the average is taken over; less than 2 means 5, as in Fluent Bit.",
    },
    interval: {
      type: "duration",
      default: "1s",
      min: "1ms",
      origin: "fluent-bit",
      doc: "Length of an interval.",
    },
  },
  ignored: {
    alias: ONLY_OUTPUTS_HAVE_NAMES,
    log_level: ONE_LOG_LEVEL,
    print_status: "what is dropped is counted in the metrics, as filtered",
  },
  later: {},
} as const satisfies OptionGroup;

/** Fluent Bit's manual: pipeline/filters/throttle. */
export const THROTTLE: Plugin<ThrottleConfig> = {
  group: GROUP,
  read(section, reading) {
    const { rate, window, interval, ...match } = readSettings(GROUP, "filter throttle", section, reading.found);
    if (!/^\d+(?:\.\d+)?$/.test(rate))
      refuseOption(section, "rate", `"${rate}" is not a number of records; write one, as in 1000`, reading.found);
    return {
      plugin: "throttle",
      match: readMatch(section, match, null, reading),
      rate: Math.max(Number(rate), RATE_MIN),
      window: window < WINDOW_MIN ? WINDOW_DEFAULT : window,
      intervalMs: interval,
    };
  },
  render: (filter) => ({
    ...renderMatch(filter.match),
    rate: String(filter.rate),
    window: String(filter.window),
    interval: formatDuration(filter.intervalMs),
  }),
};
