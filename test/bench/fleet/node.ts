import type { NodeHour } from "../../../bench/fleet/measure.ts";

/** An hour in round numbers. */
export const NODE: NodeHour = {
  pods: 30,
  rawBytes: 100e6,
  records: 400_000,
  messageBytes: 80e6,
  textBytes: 400e6,
  json: { objects: 180, bytes: 20e6, podBytes: 700_000 },
  uploads: [
    { uploadTimeoutS: 60, objects: 60, bytes: 15e6, footerBytes: 600_000, podBytes: 2e6, absentBytes: 1e6 },
    { uploadTimeoutS: 600, objects: 7, bytes: 13e6, footerBytes: 100_000, podBytes: 1e6, absentBytes: 200_000 },
  ],
};
