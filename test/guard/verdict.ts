/** What one round took: user CPU seconds of the agent and, right after it, of the calibration; the agent's anonymous peak. */
export interface Round {
  readonly agentSeconds: number;
  readonly calibrationSeconds: number;
  readonly anonPeakMb: number;
}

export interface Baseline {
  /** User CPU of the agent for a GB of raw log, in runs of the calibration. */
  readonly cpuRatio: number;
  readonly anonPeakMb: number;
}

export interface Verdict {
  readonly name: "cpu" | "memory";
  readonly measured: number;
  readonly limit: number;
  readonly isGood: boolean;
}

/** More than so much of the baseline fails. */
const TOLERANCE = 1.15;

/**
 * CPU: the least of the agent over the least of the calibration, since what disturbs a run only adds to it. Memory: the
 * median of the peaks.
 */
export function figuresOf(rounds: readonly Round[], gigabytes: number): Baseline {
  const agent = Math.min(...rounds.map(({ agentSeconds }) => agentSeconds));
  const calibration = Math.min(...rounds.map(({ calibrationSeconds }) => calibrationSeconds));
  const peaks = rounds.map(({ anonPeakMb }) => anonPeakMb).toSorted((a, b) => a - b);
  return { cpuRatio: agent / gigabytes / calibration, anonPeakMb: peaks[peaks.length >> 1]! };
}

export function judge(figures: Baseline, baseline: Baseline): readonly Verdict[] {
  const verdict = (name: Verdict["name"], measured: number, usual: number): Verdict => {
    const limit = usual * TOLERANCE;
    return { name, measured, limit, isGood: measured <= limit };
  };
  return [
    verdict("cpu", figures.cpuRatio, baseline.cpuRatio),
    verdict("memory", figures.anonPeakMb, baseline.anonPeakMb),
  ];
}
