import { createHash } from "node:crypto";

import type { ForwardConfig } from "../../../config/input/forward.ts";
import { originOfContainer } from "../../container-origin.ts";
import type { Spool, SpoolAppend } from "../spool/spool.ts";
import type { SpoolRecord } from "../spool/spool-line.ts";
import type { SpoolSource } from "../spool/source-folder.ts";
import type { EcsTaskReader } from "./ecs-task.ts";
import { Entries, type Frame } from "./frame.ts";
import { inflateEntries } from "./inflate.ts";
import type { Lease } from "./leases.ts";
import { MalformedError } from "./msgpack.ts";
import { createRecordReader, type ForwardRecord } from "./records.ts";

/** What is decoded before it is appended: an object of the heap for each record, and its bytes. */
const RECORDS_MAX = 4096;
const BYTES_MAX = 1024 * 1024;
/** Different tags and containers in an hour: each is a folder of the spool's and a file to ship. */
const SOURCES_MAX = 1000;
const SOURCE_MS = 3_600_000;
/** However it is packed, it can't be more objects than memory bears. */
const SHORT_BYTES_MAX = 64 * 1024;

interface StoreContext {
  readonly spool: Pick<Spool, "appendAll">;
  readonly ecs: EcsTaskReader;
  readonly signal: AbortSignal;
  readonly nowMs?: () => number;
}

/** Makes what one connection sends durable. */
export interface ConnectionStore {
  /** Resolves when the records of the frames are durable. Rejects with MalformedError if one can't be read. */
  append(frames: readonly Frame[]): Promise<void>;
  /** Nothing more comes: messages that have no end yet end here. */
  close(): Promise<void>;
}

export type OpenStore = (lease: Lease) => ConnectionStore;

/**
 * Appends what senders send to a spool. A frame is looked at as a whole before any of it is appended, then record by record, a
 * bounded number at a time, whatever a sender has packed into it.
 */
export function createStore(config: ForwardConfig, context: StoreContext): OpenStore {
  const sources = createSources(config, context);

  async function unpacked(frame: Frame, lease: Lease): Promise<Buffer> {
    if (frame.compression === null) return frame.bytes;
    // What is unpacked takes as much memory as a large message does.
    await lease.take();
    lease.complete();
    return await inflateEntries(frame.bytes, frame.compression, config.bufferMaxBytes);
  }

  return (lease) => {
    const batch = createBatch(context);
    const open = createOpenMessages();
    const readRecord = createRecordReader();
    // The reader gives one object for all records of a container.
    const byContainer = new WeakMap<object, { readonly tag: string; readonly source: SpoolSource }>();

    async function sourceOfRecord(tag: string, record: ForwardRecord): Promise<SpoolSource> {
      const source = sources.find(tag, record) ?? (await sources.make(tag, record));
      if (record.container !== null) byContainer.set(record.container, { tag, source });
      return source;
    }

    return {
      append: async (frames) => {
        for (const frame of frames) {
          const bytes = await unpacked(frame, lease);
          // A short message is refused as a whole when it is read.
          if (!frame.isMessage || bytes.length > SHORT_BYTES_MAX) new Entries(frame, bytes).check();
          const entries = new Entries(frame, bytes);
          for (let from = 0; entries.next(); from = entries.reader.at) {
            const record = readRecord(entries);
            const like = record.container === null ? undefined : byContainer.get(record.container);
            const source = like?.tag === frame.tag ? like.source : await sourceOfRecord(frame.tag, record);
            batch.add(source, record.spooled, entries.reader.at - from);
            open.note(source, record.spooled);
            if (batch.isFull) await batch.append();
          }
        }
        await batch.append();
      },
      close: async () => {
        batch.clear();
        for (const { source, record } of open.ends()) batch.add(source, record, 0);
        await batch.append();
      },
    };
  };
}

/** The messages of a connection of which the last part is still to come, by container and stream. */
function createOpenMessages() {
  const open = new Map<SpoolSource, Map<SpoolRecord["stream"], SpoolRecord>>();
  return {
    note(source: SpoolSource, record: SpoolRecord): void {
      const streams = open.get(source);
      if (record.partial !== true) streams?.delete(record.stream);
      else if (streams === undefined) open.set(source, new Map([[record.stream, record]]));
      else streams.set(record.stream, record);
    },
    /** A last part, empty, for each. */
    ends(): { source: SpoolSource; record: SpoolRecord }[] {
      return [...open].flatMap(([source, streams]) =>
        [...streams.values()].map((record) => ({ source, record: { ...record, log: EMPTY, partial: false } })),
      );
    },
  };
}

const EMPTY = Buffer.alloc(0);

interface Batch {
  readonly isFull: boolean;
  add(source: SpoolSource, record: SpoolRecord, bytes: number): void;
  append(): Promise<void>;
  clear(): void;
}

function createBatch({ spool, signal }: StoreContext): Batch {
  const groups = new Map<SpoolSource, SpoolRecord[]>();
  let records = 0;
  let bytes = 0;
  const clear = (): void => {
    groups.clear();
    records = bytes = 0;
  };
  return {
    clear,
    get isFull() {
      return records >= RECORDS_MAX || bytes >= BYTES_MAX;
    },
    add(source, record, recordBytes) {
      const group = groups.get(source);
      if (group === undefined) groups.set(source, [record]);
      else group.push(record);
      records++;
      bytes += recordBytes;
    },
    async append() {
      if (records === 0) return;
      const appends = [...groups].map(([source, own]): SpoolAppend => ({ source, records: own, checkpoint: null }));
      clear();
      await spool.appendAll(appends, signal);
    },
  };
}

/** The sources of an hour, by what makes them different. */
function createSources(config: ForwardConfig, { ecs, nowMs = () => performance.now() }: StoreContext) {
  const sources = new Map<string, { readonly source: SpoolSource; usedAtMs: number }>();

  function forgetOld(): void {
    const oldMs = nowMs() - SOURCE_MS;
    for (const [key, { usedAtMs }] of sources) if (usedAtMs < oldMs) sources.delete(key);
  }

  return {
    find(tag: string, record: ForwardRecord): SpoolSource | null {
      const found = sources.get(keyOf(tag, record));
      if (found === undefined) return null;
      found.usedAtMs = nowMs();
      return found.source;
    },
    async make(tag: string, record: ForwardRecord): Promise<SpoolSource> {
      if (sources.size >= SOURCES_MAX) forgetOld();
      if (sources.size >= SOURCES_MAX)
        throw new MalformedError(`more than ${SOURCES_MAX} different tags and containers in an hour: what differs from record to record belongs in the record, not in the tag`); // prettier-ignore
      const key = keyOf(tag, record);
      const source = await sourceOf(tagOf(config, tag), key, record.container, ecs);
      sources.set(key, { source, usedAtMs: nowMs() });
      return source;
    },
  };
}

function keyOf(tag: string, { container }: ForwardRecord): string {
  return container === null ? tag : `${tag}\0${JSON.stringify(container)}`;
}

function tagOf({ tag, tagPrefix }: ForwardConfig, sent: string): string {
  return tag ?? `${tagPrefix ?? ""}${sent}`;
}

async function sourceOf(
  tag: string,
  key: string,
  container: ForwardRecord["container"],
  ecs: EcsTaskReader,
): Promise<SpoolSource> {
  const name = `${tag.replace(/[^A-Za-z0-9_-]+/g, "_").slice(0, 80)}-${createHash("sha256").update(key).digest("hex").slice(0, 16)}`; // prettier-ignore
  if (container === null) return { name, tag, origin: { source: "application" } };
  const { container_id: id = "", container_name: containerName, ecs_cluster, ecs_task_arn, ecs_task_definition, ...labels } = container; // prettier-ignore
  const task = await ecs.taskOf(id);
  const own = task?.containers.get(id);
  // Of a container of another task the agent's own says one thing: the cluster.
  const isOwn = own !== undefined || (ecs_task_arn !== undefined && ecs_task_arn === task?.taskArn);
  const [family, revision] = ecs_task_definition?.split(":") ?? (isOwn ? [task?.family, task?.revision] : []);
  const facts = originOfContainer({
    id,
    name: containerName ?? null,
    image: own?.image ?? null,
    labels,
    ecs: {
      cluster: ecs_cluster ?? task?.cluster,
      taskArn: ecs_task_arn ?? (isOwn ? task?.taskArn : undefined),
      service: isOwn ? task?.service : undefined,
      container: own?.name,
      family,
      revision,
    },
  });
  // As FireLens' own Fluent Bit adds them to each record.
  const added = Object.entries(facts.labels ?? {}).filter(([label]) => label.startsWith("ecs_"));
  const fields = { ...container, ...Object.fromEntries(added) };
  return { name, tag, origin: { ...known(facts), record: { stream: "source", fields } } };
}

function known(facts: ReturnType<typeof originOfContainer>): SpoolSource["origin"] {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== null));
}
