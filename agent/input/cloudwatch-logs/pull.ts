import type { CloudWatchInputConfig } from "../../../config/input/cloudwatch-logs.ts";
import type { SpoolSource } from "../spool/source-folder.ts";
import type { SpoolRecord } from "../spool/spool-line.ts";
import type { Spool } from "../spool/spool.ts";
import { prefixesToAsk, sourceName, streamOrigin, takesStream } from "./components.ts";
import type { LogEvent } from "./log-event.ts";
import type { LogGroupRequests } from "./requests.ts";
import { openSeenIds, type SeenIds } from "./seen-ids.ts";
import { CLOCK_MS, createServiceClock, type ServiceClock } from "./service-clock.ts";
import { FIRST_SPAN_MS, firstMarks, lagsOf, marksAfter, nextSweep, spanAfter, type Sweep } from "./sweep.ts";

export interface PullContext {
  readonly spool: Spool;
  /** The ids of events are kept there. */
  readonly folder: string;
  readonly requests: LogGroupRequests;
  /** The tag of a stream's records. */
  readonly tagOf: (stream: string) => string;
  /** Whether to end when everything that is due has been read. */
  readonly once: boolean;
  /** Milliseconds since 1970, by this machine's clock. */
  readonly now: () => number;
  readonly wait: (delayMs: number, signal: AbortSignal) => Promise<void>;
}

const IDLE_WAIT_MS_MAX = 1000;

/**
 * Reads a log group until the signal ends it, each event into the spool once, part by part as they are due (sweep.ts). What a
 * page has that is new (seen-ids.ts), and the number of the page, become durable together; the marks when their part is
 * read. After a failure, which it throws, it goes on where it stopped when it is called again.
 */
export async function pullLogGroup(
  config: CloudWatchInputConfig,
  context: PullContext,
  signal: AbortSignal,
): Promise<void> {
  const { folder, once, wait } = context;
  const clock = createServiceClock(context.now);
  const lags = lagsOf(config.latenessMs);
  const stored = storedPosition(context.spool);
  if (stored === null) await askTime(clock, config, context);
  const seen = await openSeenIds(folder, stored?.page ?? 0);
  const position = startPosition(stored, lags, clock.now() - config.sinceMs);
  const reading: Reading = { config, context, clock, seen, position };
  // From here on these marks hold, however long the first part takes.
  if (stored === null) await append([], reading, signal);
  const spans = lags.map(() => FIRST_SPAN_MS);
  let headReadAtMs = -Infinity;
  let lastReader = -1;
  for (;;) {
    signal.throwIfAborted();
    const nowMs = clock.now();
    const sinceHeadMs = nowMs - headReadAtMs;
    const headIsDue = Math.abs(sinceHeadMs) >= config.intervalMs;
    const { marks } = reading.position;
    const sweep = nextSweep({ nowMs, lastReader, headIsDue, marks, lags, spans });
    if (sweep === null) {
      if (once) return;
      await wait(Math.max(1, Math.min(IDLE_WAIT_MS_MAX, config.intervalMs - sinceHeadMs)), signal);
      continue;
    }
    lastReader = sweep.reader;
    const { pages, newestMs } = await readPart(sweep, reading, signal);
    if (lastReader === 0) headReadAtMs = clock.now();
    // The answers have corrected the clock: it is too early for this part.
    else if (sweep.endMs > clock.now() - lags[lastReader]! + CLOCK_MS) continue;
    spans[lastReader] = spanAfter(spans[lastReader]!, pages);
    const moved = marksAfter(marks, sweep, newestMs);
    if (moved.every((mark, reader) => mark === marks[reader])) continue;
    reading.position = { ...reading.position, marks: moved };
    await append([], reading, signal);
    await seen.forgetBefore(moved.at(-1)!);
  }
}

/** Where the first start begins must not depend on this machine's clock. */
async function askTime(
  clock: ServiceClock,
  config: CloudWatchInputConfig,
  { requests, now }: PullContext,
): Promise<void> {
  const endMs = now();
  const [prefix = null] = prefixesToAsk(config);
  const { serviceMs } = await requests.page({ prefix, startMs: endMs - 1, endMs, token: null });
  clock.note(serviceMs);
}

interface Reading {
  readonly config: CloudWatchInputConfig;
  readonly context: PullContext;
  readonly clock: ServiceClock;
  readonly seen: SeenIds;
  position: Position;
}

/** Reads a part whole. `newestMs`: the time of the newest event in it. */
async function readPart({ startMs, endMs }: Sweep, reading: Reading, signal: AbortSignal) {
  const { config, context, clock, seen } = reading;
  const { requests } = context;
  let pages = 0;
  let newestMs = -Infinity;
  for (const prefix of prefixesToAsk(config)) {
    let token: string | null = null;
    do {
      const page = await requests.page({ prefix, startMs, endMs, token });
      ({ token } = page);
      clock.note(page.serviceMs);
      pages++;
      const events = page.events.filter(({ stream }) => takesStream(config, stream));
      for (const { timestampMs } of events) newestMs = Math.max(newestMs, timestampMs);
      const fresh = await seen.takePage(events);
      if (fresh.length > 0) await append(fresh, reading, signal);
    } while (token !== null);
  }
  return { pages, newestMs };
}

/** Makes events durable, and with them where the input stands. */
async function append(events: readonly LogEvent[], reading: Reading, signal: AbortSignal): Promise<void> {
  const { context, seen } = reading;
  reading.position = { ...reading.position, page: seen.page };
  const checkpoint = JSON.stringify(reading.position);
  const appends = [...Map.groupBy(events, ({ stream }) => stream)].map(([stream, own]) => {
    return { source: sourceOf(stream, context.tagOf(stream)), records: own.map(recordOf), checkpoint: null };
  });
  await context.spool.appendAll([...appends, { source: POSITION, records: [], checkpoint }], signal);
}

/** Where the input stands: the checkpoint of a source that has no records. */
interface Position {
  readonly lags: readonly number[];
  readonly marks: readonly number[];
  /** The last page whose events are durable. */
  readonly page: number;
}

const POSITION: SpoolSource = { name: "_position", tag: "", origin: {} };

function storedPosition(spool: Spool): Position | null {
  const text = spool.checkpoint(POSITION.name);
  return text === null ? null : (JSON.parse(text) as Position);
}

/** With another `lateness` than before: from where all is known to have been read. */
function startPosition(stored: Position | null, lags: readonly number[], firstMs: number): Position {
  const page = stored?.page ?? 0;
  if (stored?.lags.join() === lags.join()) return stored;
  return { lags, marks: firstMarks(stored?.marks.at(-1) ?? firstMs, lags), page };
}

function sourceOf(stream: string, tag: string): SpoolSource {
  const { component, instance } = streamOrigin(stream);
  return { name: sourceName(stream), tag, origin: { source: "control-plane", container: component, node: instance } };
}

function recordOf({ timestampMs, message }: LogEvent): SpoolRecord {
  const seconds = Math.floor(timestampMs / 1000);
  const nanos = (timestampMs - seconds * 1000) * 1_000_000;
  return { seconds, nanos, stream: null, log: Buffer.from(message), fields: null };
}
