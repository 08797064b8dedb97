import type { FaultCount } from "./agent-faults.ts";
import type { StoreFault } from "./cells.ts";

/** An S3 server in a process of its own, whose objects are files below `data`. */
export interface S3Process extends AsyncDisposable {
  readonly url: string;
  readonly data: string;
  /** Has the server answer requests in this way now and again, until `signal` is aborted. */
  injectFaults(fault: StoreFault, signal: AbortSignal): Promise<FaultCount>;
}

export async function startS3(_parent: string, _name: string): Promise<S3Process | null> {
  return null;
}
