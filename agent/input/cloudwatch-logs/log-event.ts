/** One event as FilterLogEvents gives it (API reference, FilteredLogEvent). */
export interface LogEvent {
  /** Of the service: the same whenever and in whichever order the event is delivered. */
  readonly id: string;
  readonly stream: string;
  /** Event time, milliseconds since 1970. */
  readonly timestampMs: number;
  readonly message: string;
}
