/** Bytes of state written since the process began: journals, positions, what is known of files. For the metrics. */
export const stateWritten = { bytes: 0 };
