import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { FRAMINGS } from "../config/framing.ts";
import type { AgentConfig, FilterConfig } from "../config/config.ts";
import type { TailConfig } from "../config/input/tail.ts";
import type { MultilineConfig } from "../config/multiline.ts";
import { tickOf } from "./follow.ts";
import { tagMatcher } from "./filter/match.ts";
import { createSpooledInputs, type SpooledInputTools } from "./input/spool/create.ts";
import { openSpools, type SpoolParts } from "./input/spool/open-spools.ts";
import { createDiscovery } from "./input/tail/discover.ts";
import { FileStore, type FileRecord } from "./input/tail/file-store.ts";
import { globMatcher, pathMatcher } from "./input/tail/glob.ts";
import { Tail } from "./input/tail/tail.ts";
import type { TailOptions } from "./input/tail/tail-state.ts";
import type { PodMetadata } from "./filter/kubernetes/metadata.ts";
import { openLease } from "./lease.ts";
import { awaitsPod, describeFile, expandTag, type DescribeContext } from "./origin.ts";
import type { Probe } from "./probe.ts";
import type { Origin } from "./record.ts";
import { readImported } from "./state/imported.ts";
import type { Ledger } from "./telemetry/ledger.ts";
import type { Logger } from "./telemetry/log.ts";

interface InputsContext {
  readonly ledger: Ledger;
  readonly log: Logger;
  readonly probe: Probe;
  /** Null: no API is asked for pods. */
  readonly pods: PodMetadata | null;
  /** How long a new file may wait for its pod. */
  readonly podWaitMs: number;
  /** Descriptors of held files that an earlier configuration left open; those that are taken up are taken out. */
  readonly held: Map<string, FileHandle>;
}

export interface Inputs {
  /** One for each tail input and each spool. */
  readonly tails: readonly Tail[];
  readonly spools: readonly FollowedSpool[];
  /** They keep the files that an earlier configuration named and this one does not. */
  readonly leftTails: readonly Tail[];
  readonly store: FileStore;
}

/** A spool with the tail that follows its files. */
export interface FollowedSpool extends SpoolParts {
  readonly tail: Tail;
}

/** How the files of one tail are found and described. */
interface Followed {
  readonly config: TailConfig;
  readonly describe: TailOptions["describe"];
  multilineOf(tag: string): MultilineConfig | null;
  /** What is recorded of a file, as this configuration has it. */
  readonly recall: (record: FileRecord) => FileRecord;
}

/**
 * Opens the inputs of a configuration, each with the files it followed in an earlier life. A file that no input
 * names any more is not shipped, but followed until it is gone: a shipment that a crash interrupted may need it, and if
 * its input comes back it goes on where it stopped.
 */
export async function openInputs(config: AgentConfig, context: InputsContext): Promise<Inputs> {
  const { service, inputs, filters } = config;
  const { ledger, log, probe, held, pods } = context;
  const { store, records, foreign } = await FileStore.open(join(service.storagePath, "files"), Date.now(), probe);
  if (foreign.length > 0)
    log.warn(
      { files: foreign.length, first: foreign[0] },
      "names in the state folder that are not ours are left alone",
    );
  const imported = await readImported(service.storagePath);
  const about: DescribeContext = { filters, service, pods, log };
  const asked = pods && {
    waitMs: context.podWaitMs,
    awaits: (origin: Origin) => awaitsPod(origin, about),
    onGivenUp: (origin: Origin) => log.warn({ path: origin.path }, POD_UNKNOWN),
  };
  const multilineOf = (tag: string) => multilineByFilter(filters, tag);
  const common = { store, log, ledger, imported, pollMs: tickOf(config), pods: asked };
  const opened: Tail[] = [];
  const open = async (options: Omit<Followed, "recall">, own: readonly FileRecord[]): Promise<Tail> => {
    const tail = new Tail({ ...common, ...options });
    opened.push(tail);
    await tail.restore(own, held);
    return tail;
  };
  const named = inputs
    .filter((input) => input.plugin === "tail")
    .map((input) => ({
      config: input,
      describe: (file: Parameters<Followed["describe"]>[0]) => describeFile(file, input, about),
      multilineOf,
      recall: withTag(input.tag),
    }));
  const { storagePath, node } = service;
  const parts = await openSpools(createSpooledInputs(inputs, spooledTools(service)), { storagePath, node, log });
  try {
    // Spools first: a pattern may reach into the state folder.
    const followed = [...parts.map(followedSpool), ...named];
    const { claimed, left } = await shareOut(
      records,
      followed.map((each) => each.config),
    );
    const tails: Tail[] = [];
    for (const [index, each] of followed.entries()) tails.push(await open(each, claimed[index]!.map(each.recall)));
    const leftTails: Tail[] = [];
    for (const framing of FRAMINGS) {
      const own = left.filter((record) => record.framing === framing);
      const unnamed = { ...(named[0] ?? followed[0]!).config, path: [], excludePath: [], framing };
      const like = { config: unnamed, describe: describeLike(own), multilineOf };
      if (own.length > 0) leftTails.push(await open(like, own));
    }
    if (left.length > 0)
      log.warn(
        { files: left.length, first: left[0]!.path },
        "files that no input names any more are kept, not shipped",
      );
    const spools = parts.map((part, index) => ({ ...part, tail: tails[index]! }));
    return { tails, spools, leftTails, store };
  } catch (error) {
    for (const { spool } of parts) await spool.close();
    // Whoever tries again must find them: a held file that was deleted has nothing else.
    for (const tail of opened) for (const [id, handle] of await tail.detach()) held.set(id, handle);
    throw error;
  }
}

function spooledTools({ storagePath, node }: AgentConfig["service"]): SpooledInputTools {
  return {
    storagePath,
    expandTag,
    openLease: async (lease, log) => await openLease(lease, { node, env: process.env, log }),
  };
}

/** The lines of its files are whole records. */
function followedSpool({ config, describe }: SpoolParts): Followed {
  return { config, describe, multilineOf: () => null, recall: (record) => record };
}

const POD_UNKNOWN = "the pod of a file is not known in time; it is shipped with what its path says";

/** What a filter says of the lines of files with this tag. Two such filters are Fluent Bit's endless loop: the first counts. */
function multilineByFilter(filters: readonly FilterConfig[], tag: string): MultilineConfig | null {
  const filter = filters.find((each) => each.plugin === "multiline" && tagMatcher(each.match)(tag));
  return filter?.plugin === "multiline" ? filter.multiline : null;
}

/**
 * Gives each file to the first input that names it, by the path it was found under or, if none does, by the file that a
 * path leads to now: /var/log/containers and /var/log/pods are two names of the same logs.
 */
async function shareOut(
  records: readonly FileRecord[],
  inputs: readonly TailConfig[],
): Promise<{ claimed: FileRecord[][]; left: FileRecord[] }> {
  const claimed: FileRecord[][] = inputs.map(() => []);
  let left = [...records];
  const claim = (index: number, isOwn: (record: FileRecord) => boolean): void => {
    claimed[index]!.push(...left.filter(isOwn));
    left = left.filter((record) => !isOwn(record));
  };
  for (const [index, input] of inputs.entries()) {
    const matches = globMatcher(input.path);
    const excluded = pathMatcher(input.excludePath);
    claim(index, ({ origin }) => matches(origin.path) && !excluded(origin.path));
  }
  for (const [index, input] of left.length === 0 ? [] : inputs.entries()) {
    // What can't be followed is said when files are looked for.
    const { targets } = await createDiscovery(input, () => undefined)(() => true);
    const resolved = new Set(targets.map((target) => target.resolved));
    claim(index, (record) => resolved.has(record.chainPath));
  }
  return { claimed, left };
}

/** The tag is the input's, whichever the input was when the file was found. */
function withTag(pattern: string): (record: FileRecord) => FileRecord {
  return (record) => ({ ...record, origin: { ...record.origin, tag: expandTag(pattern, record.origin.path) } });
}

/** A file that follows one of these by rotation is of the same container. */
function describeLike(records: readonly FileRecord[]): TailOptions["describe"] {
  const origins = new Map(records.map(({ id, chainPath, origin }) => [chainPath, { id, origin }]));
  return ({ resolved, id }) => {
    const like = origins.get(resolved)!;
    return { ...like.origin, file: `${like.origin.file.slice(0, -like.id.length)}${id}` };
  };
}
