import { ApiError, backOff, type ApiClient } from "./api-client.ts";
import { ItemSplitter } from "./item-splitter.ts";

/** The server ends a watch after this long at the latest, a random part of it earlier, so that not all nodes come back at once. */
const WATCH_SECONDS = 3300;
/** Bookmarks come about every minute while any pod of the cluster changes. With nothing for this long the connection is taken for dead. */
const IDLE_MS = 600_000;
const LIST_IDLE_MS = 30_000;
const LINE_BYTES_MAX = 8 * 1024 * 1024;
/** A watch that ends sooner, with nothing said, is a failure. */
const SHORT_MS = 1000;

/** Where the objects of a list and its watch go. */
export interface ObjectSink {
  /** A list begins: what it does not have is gone when it ends. */
  beginList(): void;
  put(object: unknown): void;
  delete(object: unknown): void;
  endList(): void;
}

export interface WatchOptions {
  readonly client: ApiClient;
  /** `/api/v1/pods`. */
  readonly path: string;
  /** `spec.nodeName=node-1`, or null for all. */
  readonly fieldSelector: string | null;
  /** Objects a page of the list. */
  readonly pageSize?: number;
  readonly idleMs?: number;
  /** The first pause after a failure is at most this long. */
  readonly backOffMs?: number;
  readonly sink: ObjectSink;
  /** Hears of each failure; null: it works again. */
  readonly onState: (error: Error | null) => void;
}

/**
 * Keeps a sink as the API server has it, until the signal: lists once, then watches from the list's version on, and again
 * from the last version that it heard of whenever a watch ends. Only a version that the server has forgotten (410) makes it
 * list anew. Kubernetes API concepts, "Efficient detection of changes".
 */
export async function watchObjects(options: WatchOptions, signal: AbortSignal): Promise<void> {
  const { onState, backOffMs } = options;
  let version: string | null = null;
  // A first list may be as old as the server's cache, which spares etcd; one after a 410 must not be.
  let mustBeNew = false;
  let failures = 0;
  const works = (): void => {
    if (failures > 0) onState(null);
    failures = 0;
  };
  while (!signal.aborted) {
    try {
      if (version === null) {
        version = await list(options, mustBeNew, signal);
        onState(null);
      }
      version = await watch(options, version, (seen) => {
        version = seen;
        works();
      }, signal); // prettier-ignore
      works();
    } catch (error) {
      if (signal.aborted) return;
      const isGone = error instanceof ApiError && error.status === 410;
      if (isGone || failures >= FAILURES_BEFORE_LIST) {
        version = null;
        mustBeNew = true;
      }
      // To have been away for too long is nobody's fault; if it goes on, the pauses grow all the same.
      if (!isGone || failures > 0) onState(error as Error);
      await backOff(failures++, error, signal, backOffMs).catch(() => undefined);
    }
  }
}

/** Whatever is wrong with the version: after so many failures it is not asked for again. */
const FAILURES_BEFORE_LIST = 5;

/** Returns the list's version. */
async function list(options: WatchOptions, mustBeNew: boolean, signal: AbortSignal): Promise<string> {
  const { client, path, fieldSelector, pageSize = 100, sink } = options;
  sink.beginList();
  for (let token = ""; ;) {
    const query = new URLSearchParams({ limit: String(pageSize) });
    if (fieldSelector !== null) query.set("fieldSelector", fieldSelector);
    if (token !== "") query.set("continue", token);
    else if (!mustBeNew) query.set("resourceVersion", "0");
    const items = new ItemSplitter((json) => sink.put(JSON.parse(json)));
    for await (const chunk of client.get(`${path}?${query.toString()}`, LIST_IDLE_MS, signal)) items.push(chunk);
    const { resourceVersion = "", continue: next = "" } = items.metadata();
    if (next === "") {
      if (resourceVersion === "") throw new Error(`${path} answered with a list that has no version`);
      sink.endList();
      return resourceVersion;
    }
    token = next;
  }
}

interface WatchEvent {
  readonly type: string;
  readonly object: {
    readonly metadata?: { readonly resourceVersion?: string };
    readonly code?: number;
    readonly message?: string;
  };
}

/** Follows one watch to its end. Returns the last version; `onVersion` hears of each. */
async function watch(
  options: WatchOptions,
  from: string,
  onVersion: (version: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const { client, path, fieldSelector, idleMs = IDLE_MS, sink } = options;
  const seconds = Math.round(WATCH_SECONDS * (0.6 + 0.4 * Math.random()));
  const query = new URLSearchParams({ watch: "1", allowWatchBookmarks: "true", resourceVersion: from });
  query.set("timeoutSeconds", String(seconds));
  if (fieldSelector !== null) query.set("fieldSelector", fieldSelector);
  const startedAtMs = performance.now();
  let version = from;
  for await (const line of lines(client.get(`${path}?${query.toString()}`, idleMs, signal))) {
    const { type, object } = JSON.parse(line) as WatchEvent;
    if (type === "ERROR")
      throw new ApiError(`the watch of ${path} ended: ${object.message ?? "no reason given"}`, object.code ?? 0);
    if (type === "ADDED" || type === "MODIFIED") sink.put(object);
    else if (type === "DELETED") sink.delete(object);
    version = object.metadata?.resourceVersion ?? version;
    onVersion(version);
  }
  if (version === from && performance.now() - startedAtMs < SHORT_MS)
    throw new Error(`the watch of ${path} ended at once`);
  return version;
}

async function* lines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      const line = Buffer.concat([...held, chunk.subarray(from, at)]).toString("utf8");
      held = [];
      heldBytes = 0;
      from = at + 1;
      if (line.trim() !== "") yield line;
    }
    if (from < chunk.length) held.push(chunk.subarray(from));
    heldBytes += chunk.length - from;
    if (heldBytes > LINE_BYTES_MAX) throw new Error(`an event of the watch is longer than ${LINE_BYTES_MAX} bytes`);
  }
}

const NEWLINE = 0x0a;
