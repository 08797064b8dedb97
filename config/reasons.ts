/** Why options of Fluent Bit's have no effect here: reasons that several plugins give. */
export const NO_BUFFER = "the log files are the buffer, nothing is queued in memory or copied to disk";
export const NO_WORKERS = "one thread does the work of all outputs";
export const POSITIONS = "positions are kept under service's storage.path";
export const RETRIES = "an output tries again until it succeeds";
export const ONE_LOG_LEVEL = "service's log_level holds for all";
export const ONLY_OUTPUTS_HAVE_NAMES = "only outputs have a name";
export const LOG_ONCE = "the same message is logged at most once a second";
