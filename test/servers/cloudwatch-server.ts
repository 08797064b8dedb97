import { FilteredEvents, type Disorder, type FilteredEvent, type FilterRequest } from "./filtered-events.ts";
import { Refusal, startJsonServer, type JsonFault, type JsonServer, type JsonServerOptions } from "./json-server.ts";

const REQUEST_BYTES_MAX = 1_048_576;
const EVENT_OVERHEAD_BYTES = 26;
const EVENTS_MAX = 10_000;
const HOUR_MS = 3_600_000;

/**
 * Beside those of every service:
 *
 *   aborted  400 OperationAbortedException, nothing is done
 */
export type CloudWatchFault = JsonFault | "aborted";

const ABORTED = [400, "OperationAbortedException", "A conflicting operation is currently in progress"] as const;

export interface CloudWatchServerOptions extends JsonServerOptions {
  /** Log groups that are there from the start. */
  readonly groups?: readonly string[];
  /** Takes events instead of memory: those of a long run. */
  readonly sink?: (events: readonly LogEvent[], group: string, stream: string) => void;
  /** An event for which the whole request is refused: what the documentation does not say. */
  readonly refuses?: (message: string) => boolean;
  /** What FilterLogEvents does to its pages; null or left out: nothing. */
  readonly disorder?: Disorder;
}

interface LogEvent {
  readonly timestamp: number;
  readonly message: string;
}

interface LogGroup {
  retentionDays: number | null;
  readonly groupClass: string;
  readonly streams: Map<string, LogEvent[]>;
  readonly filtered: FilteredEvents;
}

interface CloudWatchStats {
  readonly events: number;
  readonly rejected: number;
  /** As the service counts them. */
  readonly requestBytesMost: number;
  readonly requestEventsMost: number;
}

/**
 * CloudWatch Logs as far as the agent uses it (its limits enforced), by the request loop of json-server.ts. The key of a
 * rule is `<group>:<stream>`. Checked against an implementation that we did not write by `npm run test:aws`.
 */
export interface CloudWatchServer extends JsonServer<CloudWatchFault> {
  readonly groups: Map<string, LogGroup>;
  /** The events of a stream, or of all. */
  events(group?: string, stream?: string): LogEvent[];
  /** FilterLogEvents finds them from now on: late, if others of their time were found already. */
  deliver(group: string, events: readonly FilteredEvent[]): void;
  readonly stats: () => CloudWatchStats & ReturnType<JsonServer<CloudWatchFault>["stats"]>;
}

export async function startCloudWatchServer(options: CloudWatchServerOptions = {}): Promise<CloudWatchServer> {
  const counts = { events: 0, rejected: 0, requestBytesMost: 0, requestEventsMost: 0 };
  const groups = new Map<string, LogGroup>();
  for (const name of options.groups ?? ["logs"]) groups.set(name, makeGroup("STANDARD"));
  const service = await startJsonServer<Asked, CloudWatchFault>(
    {
      target: "Logs_20140328",
      refusals: { aborted: ABORTED },
      parse,
      keyOf: ({ logGroupName, logStreamName = "" }) => `${logGroupName}:${logStreamName}`,
      perform: (operation, asked) => {
        const before = counts.events;
        return { answer: perform(operation, asked), taken: counts.events - before };
      },
      stats: () => counts,
    },
    options,
  );

  function perform(operation: string, asked: Asked): object {
    const { logGroupName, logStreamName = "", logEvents = [], retentionInDays = 0 } = asked;
    const group = groups.get(logGroupName);
    if (operation === "CreateLogGroup") {
      if (group !== undefined) throw exists("The specified log group already exists");
      groups.set(logGroupName, makeGroup(asked.logGroupClass ?? "STANDARD"));
      return {};
    }
    if (operation === "DescribeLogGroups") {
      const found = startingWith(groups.keys(), asked.logGroupNamePrefix);
      return { logGroups: found.map((name) => ({ logGroupName: name })) };
    }
    if (group === undefined) throw missing("The specified log group does not exist.");
    if (operation === "DescribeLogStreams") {
      const found = startingWith(group.streams.keys(), asked.logStreamNamePrefix);
      return { logStreams: found.map((name) => ({ logStreamName: name })) };
    }
    if (operation === "PutRetentionPolicy") {
      group.retentionDays = retentionInDays;
      return {};
    }
    if (operation === "FilterLogEvents") return group.filtered.page(asked, options.disorder ?? null);
    const events = group.streams.get(logStreamName);
    if (operation === "CreateLogStream") {
      if (events !== undefined) throw exists("The specified log stream already exists");
      group.streams.set(logStreamName, []);
      return {};
    }
    if (operation !== "PutLogEvents") throw new Refusal(400, "UnknownOperationException", "Unknown operation");
    checkEvents(logEvents, counts);
    if (logEvents.some(({ message }) => options.refuses?.(message) === true)) throw invalid("Log event is not valid");
    if (events === undefined) throw missing("The specified log stream does not exist.");
    return take(logEvents, group, events, asked);
  }

  function take(events: readonly LogEvent[], group: LogGroup, stored: LogEvent[], asked: Asked): object {
    const nowMs = (options.now ?? Date.now)();
    const olderThan = (days: number) =>
      events.filter(({ timestamp }) => timestamp < nowMs - days * 24 * HOUR_MS).length;
    const tooOld = olderThan(14);
    const expired = group.retentionDays === null ? 0 : olderThan(group.retentionDays);
    const tooNew = events.findIndex(({ timestamp }) => timestamp > nowMs + 2 * HOUR_MS);
    const taken = events.slice(Math.max(tooOld, expired), tooNew < 0 ? undefined : tooNew);
    if (options.sink === undefined) store(taken, group, stored, asked.logStreamName!);
    else options.sink(taken, asked.logGroupName, asked.logStreamName!);
    counts.events += taken.length;
    counts.rejected += events.length - taken.length;
    const info = {
      ...(tooOld > 0 && { tooOldLogEventEndIndex: tooOld }),
      ...(expired > 0 && { expiredLogEventEndIndex: expired }),
      ...(tooNew >= 0 && { tooNewLogEventStartIndex: tooNew }),
    };
    return { nextSequenceToken: "ignored", ...(Object.keys(info).length > 0 && { rejectedLogEventsInfo: info }) };
  }

  function store(events: readonly LogEvent[], group: LogGroup, stored: LogEvent[], logStreamName: string): void {
    stored.push(...events);
    const filtered = events.map((event, index) => {
      return { ...event, logStreamName, eventId: String(counts.events + index).padStart(56, "0") };
    });
    group.filtered.deliver(filtered);
  }

  return {
    ...service,
    groups,
    deliver: (group, events) => groups.get(group)!.filtered.deliver(events),
    events: (group, stream) =>
      [...groups]
        .filter(([name]) => name === (group ?? name))
        .flatMap(([, { streams }]) => [...streams].filter(([name]) => name === (stream ?? name)))
        .flatMap(([, events]) => events),
    stats: () => ({ ...service.stats(), ...counts }),
  };
}

function startingWith(names: Iterable<string>, prefix = ""): string[] {
  return [...names].filter((name) => name.startsWith(prefix)).toSorted();
}

function makeGroup(groupClass: string): LogGroup {
  return { retentionDays: null, groupClass, streams: new Map(), filtered: new FilteredEvents() };
}

interface Asked extends FilterRequest {
  readonly logGroupName: string;
  readonly logStreamName?: string;
  readonly logEvents?: readonly LogEvent[];
  readonly retentionInDays?: number;
  readonly logGroupClass?: string;
  readonly logGroupNamePrefix?: string;
  readonly logStreamNamePrefix?: string;
}

const missing = (message: string) => new Refusal(400, "ResourceNotFoundException", message);
const exists = (message: string) => new Refusal(400, "ResourceAlreadyExistsException", message);
const invalid = (message: string) => new Refusal(400, "InvalidParameterException", message);

const RETENTION_DAYS = "1 3 5 7 14 30 60 90 120 150 180 365 400 545 731 1096 1827 2192 2557 2922 3288 3653".split(" ");

function parse(_: string, body: Buffer): Asked {
  const asked = JSON.parse(new TextDecoder("utf8", { fatal: true }).decode(body)) as Asked;
  if (!/^[.\-_/#A-Za-z0-9]{1,512}$/.test(asked.logGroupName)) throw invalid("logGroupName");
  if (asked.logStreamName !== undefined && !/^[^:*]{1,512}$/.test(asked.logStreamName)) throw invalid("logStreamName");
  if (asked.retentionInDays !== undefined && !RETENTION_DAYS.includes(String(asked.retentionInDays)))
    throw invalid("retentionInDays");
  return asked;
}

function checkEvents(
  events: readonly LogEvent[],
  counts: { requestBytesMost: number; requestEventsMost: number },
): void {
  if (events.length < 1 || events.length > EVENTS_MAX) throw invalid("logEvents has 1 to 10000 events");
  let bytes = 0;
  for (const [index, { timestamp, message }] of events.entries()) {
    const eventBytes = Buffer.byteLength(message) + EVENT_OVERHEAD_BYTES;
    if (message === "") throw invalid("message has a character at least");
    if (!Number.isSafeInteger(timestamp) || timestamp < 0) throw invalid("timestamp");
    if (eventBytes > REQUEST_BYTES_MAX) throw invalid(`Log event too large: ${eventBytes} bytes exceeds limit`);
    if (index > 0 && timestamp < events[index - 1]!.timestamp)
      throw invalid("Log events in a single PutLogEvents request must be in chronological order.");
    bytes += eventBytes;
  }
  if (bytes > REQUEST_BYTES_MAX) throw invalid(`Upload too large: ${bytes} bytes exceeds limit of 1048576`);
  if (events.at(-1)!.timestamp - events[0]!.timestamp > 24 * HOUR_MS)
    throw invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
  counts.requestBytesMost = Math.max(counts.requestBytesMost, bytes);
  counts.requestEventsMost = Math.max(counts.requestEventsMost, events.length);
}
