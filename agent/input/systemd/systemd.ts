import { createHash } from "node:crypto";
import type { SystemdConfig } from "../../../config/input/systemd.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { SpoolSource } from "../spool/source-folder.ts";
import { createSpoolLines, type SpoolLines } from "../spool/spool-line.ts";
import type { Spool } from "../spool/spool.ts";
import type { SpooledInput, SpooledInputContext } from "../spool/spooled-input.ts";
import { queueEntries, type EntryQueue } from "./entry-queue.ts";
import { createExportParser } from "./export-format.ts";
import { createJournalRecords } from "./journal-record.ts";
import { newestArguments, readArguments, startJournalctl } from "./journalctl.ts";

/** The checkpoint is of the whole journal, not of a unit. */
const CHECKPOINT = { name: "journal", tag: "", origin: {} } as const;

interface Checkpoint {
  readonly version: 1;
  /** Of the last entry that was appended. */
  readonly cursor: string;
  /** By what the entries were chosen, hashed: by something else the next one need not be at the cursor. Null: by nothing. */
  readonly filters: string | null;
}

/**
 * Reads a journal by journalctl and appends its entries to a spool, together with the cursor of the last: so a restart goes on
 * behind it, whatever ended the agent.
 */
export function createSystemdInput(config: SystemdConfig, command = "journalctl"): SpooledInput {
  return {
    run: async (spool, context) => {
      const { once, signal, log } = context;
      const position = await startPosition(config, command, spool, signal);
      const child = startJournalctl(
        command,
        readArguments(config, { cursor: position?.cursor ?? null, follow: !once }),
      );
      const stop = (): void => child.stop();
      signal.addEventListener("abort", stop, { once: true });
      if (signal.aborted) stop();
      try {
        await appendEntries(queueEntries(child.stdout, config.maxEntries), position, config, { spool, signal, log });
        await child.ended;
      } finally {
        signal.removeEventListener("abort", stop);
        stop();
      }
      if (!once && !signal.aborted) throw new Error("journalctl has ended, though it was to follow the journal");
    },
  };
}

/** Where reading goes on; null: at the journal's start. */
async function startPosition(
  config: SystemdConfig,
  command: string,
  spool: Spool,
  signal: AbortSignal,
): Promise<Checkpoint | null> {
  const text = spool.checkpoint(CHECKPOINT.name);
  if (text !== null) return JSON.parse(text) as Checkpoint;
  if (!config.readFromTail) return null;
  const child = startJournalctl(command, newestArguments(config));
  const parser = createExportParser();
  let newest: string | null = null;
  for await (const chunk of child.stdout) {
    for (const { fields } of parser.push(chunk as Buffer))
      newest = fields.find(({ name }) => name === "__CURSOR")?.value.toString() ?? newest;
  }
  await child.ended;
  if (newest === null) return null;
  const checkpoint: Checkpoint = { version: 1, cursor: newest, filters: null };
  // Durable at once: what is written while the agent is down must not be left out too.
  await spool.append(CHECKPOINT, [], JSON.stringify(checkpoint), signal);
  return checkpoint;
}

interface AppendPorts extends Pick<SpooledInputContext, "signal" | "log"> {
  readonly spool: Spool;
}

async function appendEntries(
  queue: EntryQueue,
  position: Checkpoint | null,
  config: SystemdConfig,
  { spool, signal, log }: AppendPorts,
): Promise<void> {
  const toRecord = createJournalRecords(config);
  const filters = hashOf(config);
  let before = position;
  let isMore = true;
  while (isMore) {
    const lines = new Map<SpoolSource, SpoolLines>();
    let cursor: string | null = null;
    isMore = await queue.take((entry) => {
      const made = toRecord(entry);
      if (made === null) return;
      const isKnown = made.cursor === before?.cursor;
      if (!isKnown && before?.filters === filters) sayGap(log, config);
      before = null;
      // The one at the cursor was appended before.
      if (isKnown) return;
      cursor = made.cursor;
      let own = lines.get(made.source);
      if (own === undefined) lines.set(made.source, (own = createSpoolLines()));
      own.add(made.record);
    });
    if (cursor === null) continue;
    const checkpoint = JSON.stringify({ version: 1, cursor, filters } satisfies Checkpoint);
    const appends = [...lines].map(([source, own]) => ({ source, records: [], lines: own, checkpoint: null }));
    await spool.appendAll([...appends, { source: CHECKPOINT, records: [], checkpoint }], signal);
  }
}

function sayGap(log: Logger, { path }: SystemdConfig): void {
  log.warn(
    { path },
    "the journal has no longer the entry at which reading stopped: what was removed from it since then is not shipped",
  );
}

function hashOf({ filters, filterType }: SystemdConfig): string {
  return createHash("sha256")
    .update(JSON.stringify([filterType, ...filters]))
    .digest("hex")
    .slice(0, 16);
}
