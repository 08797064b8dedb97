import { Histogram } from "./exposition.ts";

/** Seconds of one shipment, from its plan to its commit. */
const DURATION_BOUNDS = [0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
/** Seconds of one request to the service. */
const REQUEST_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Failures whose times are remembered: enough for every sensible `hc_errors_count`. */
const FAILURES_MAX = 1000;

/** Why a shipment failed. */
export interface Failure {
  readonly message: string;
  /** The system's or the service's word for it, such as ENOSPC or AccessDenied. */
  readonly code: string | null;
  /** Someone must act before it can work. */
  readonly permanent: boolean;
}

/** What an output did since the process began, and how it fares. Kept by its id, over reloads. */
export class OutputStats {
  shipments = 0;
  objects = 0;
  rawBytes = 0;
  storedBytes = 0;
  /** Attempts that failed, and those made because of one. */
  failures = 0;
  retries = 0;
  /** Requests to the service within shipments, those that repeat a failed one, and those it refused as too many. */
  requests = 0;
  requestRetries = 0;
  throttles = 0;
  requestsInFlight = 0;
  readonly requestDurations = new Histogram(REQUEST_BOUNDS);
  inFlight = false;
  /** The failure that the next attempt will repair, if it does; null after a success. */
  failing: Failure | null = null;
  /** When that attempt is made, in milliseconds of `performance.now()`. */
  retryAtMs: number | null = null;
  readonly durations = new Histogram(DURATION_BOUNDS);
  readonly #failedAtMs: number[] = [];

  /** An attempt begins. */
  started(): void {
    if (this.failing !== null) this.retries++;
    this.inFlight = true;
  }

  /** A shipment was committed. */
  shipped(shipment: { objects: number; rawBytes: number; storedBytes: number; durationMs: number }): void {
    this.shipments++;
    this.objects += shipment.objects;
    this.rawBytes += shipment.rawBytes;
    this.storedBytes += shipment.storedBytes;
    this.durations.observe(shipment.durationMs / 1000);
    this.recovered();
  }

  /** The service answers again, if not to all that is asked of it. */
  recovered(fault: Error | null = null): void {
    this.failing = fault === null ? null : failureOf(fault);
    this.retryAtMs = null;
  }

  /** What an output tells its requests to. */
  observer() {
    return {
      began: (): void => void this.requestsInFlight++,
      ended: (tookMs: number): void => {
        this.requestsInFlight--;
        this.requestDurations.observe(tookMs / 1000);
      },
      answered: (fault: Error | null, isRepeated: boolean): void => this.answered(fault, isRepeated, performance.now()),
    };
  }

  /** A request within a shipment was answered; after a `fault` it is repeated until it succeeds, which `isRepeated` says. */
  answered(fault: Error | null, isRepeated: boolean, nowMs: number): void {
    this.requests++;
    if (isRepeated) this.requestRetries++;
    if (fault !== null) {
      if ("kind" in fault && fault.kind === "throttled") this.throttles++;
      this.failed(fault, nowMs, null);
    } else if (isRepeated) this.recovered();
  }

  /** An attempt failed. `retryAtMs`: when the next one is made, where that is known. */
  failed(error: unknown, nowMs: number, retryAtMs: number | null): void {
    this.failures++;
    this.failing = failureOf(error);
    this.retryAtMs = retryAtMs;
    this.#failedAtMs.push(nowMs);
    if (this.#failedAtMs.length > FAILURES_MAX) this.#failedAtMs.shift();
  }

  /** The attempt is over, one way or the other. */
  ended(): void {
    this.inFlight = false;
  }

  /** Failures since `sinceMs`, in milliseconds of `performance.now()`. */
  failuresSince(sinceMs: number): number {
    return this.#failedAtMs.filter((atMs) => atMs >= sinceMs).length;
  }
}

/** What an error says for itself: an adapter's `kind`, the system's `code`, also of its causes. */
export function failureOf(error: unknown): Failure {
  const chain: { code?: unknown; kind?: unknown }[] = [];
  for (let at = error; at instanceof Error && chain.length < 8; at = at.cause) chain.push(at as never);
  const code = chain.find((each) => typeof each.code === "string")?.code as string | undefined;
  const permanent = chain.some((each) => each.kind === "permanent") || PERMANENT_CODES.has(code ?? "");
  return { message: error instanceof Error ? error.message : String(error), code: code ?? null, permanent };
}

/** What no time heals: permissions, a read-only file system, a path that is something else. */
const PERMANENT_CODES = new Set(["EACCES", "EPERM", "EROFS", "ENOTDIR", "EISDIR", "ENAMETOOLONG", "ELOOP"]);
