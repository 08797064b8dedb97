/** PutLogEvents counts an event as its message in UTF-8 and so many bytes more. */
export const EVENT_OVERHEAD_BYTES = 26;
/** Of one request, counted like that. */
export const REQUEST_BYTES_MAX = 1_048_576;
export const REQUEST_EVENTS_MAX = 10_000;
/** From the first event of a request to its last. */
export const REQUEST_SPAN_MS_MAX = 24 * 3600 * 1000;
/** Names of groups and streams have 1 to so many characters. */
export const NAME_LENGTH_MAX = 512;

/** The largest event of a region, counted like a request: 1 MB, and 256 KB where that is still what the service documents. */
export function eventBytesMax(region: string | null): number {
  return region?.startsWith("cn-") === true ? 256 * 1024 : REQUEST_BYTES_MAX;
}
