import { isFinal, isQuiet, QUIET_MS, type Chain, type FollowedFile } from "./input/tail/followed-file.ts";
import type { Cursor } from "./state/positions.ts";

/** What one shipment reads of one chain. */
export interface ChainPlan {
  readonly chain: Chain;
  /** The cursor, without the open records that can't be read again. */
  readonly from: Cursor | null;
  readonly segments: readonly Segment[];
  /** Nothing follows the last segment: open records end there. */
  readonly ended: boolean;
  /** Nobody has written to the chain for the flush timeout: records of whole lines end there. */
  readonly flushed: boolean;
  /** Bytes planned. */
  readonly bytes: number;
}

interface Segment {
  readonly file: FollowedFile;
  readonly start: number;
  /** Reading ends at the first line end at or after this offset … */
  readonly target: number;
  /** … and never goes beyond this one. */
  readonly limit: number;
  /** A rest without newline at `limit` is a line. */
  readonly torn: boolean;
}

interface PlanOptions {
  readonly nowMs: number;
  /** Raw bytes of the shipment. */
  readonly bytesMax: number;
  /** `--once`: an unterminated last line of a quiet file is a line. */
  readonly once: boolean;
  /** A file that waits for its pod is not read before it has waited so long; Infinity: until its metadata is settled. */
  readonly podWaitMs?: number;
}

/**
 * Decides what the next shipment of an output reads: of every chain what is there beyond its cursor, the bytes shared
 * max-min fairly over the chains (a small one gets all it has, large ones the same share each), ordered by namespace,
 * workload, pod and container so that rows of one container lie together. Pure.
 */
export function planShipment(
  chains: readonly Chain[],
  cursors: ReadonlyMap<string, Cursor>,
  options: PlanOptions,
): ChainPlan[] {
  const whole = chains
    .map((chain) => planChain(chain, cursors.get(chain.id) ?? null, options))
    .filter((plan) => plan !== null);
  const shares = shareFairly(
    whole.map((plan) => plan.bytes),
    options.bytesMax,
  );
  return whole
    .map((plan, index) => limitPlan(plan, shares[index]!))
    .filter((plan) => plan.segments.length > 0)
    .toSorted(byContainer);
}

/**
 * Bytes beyond the cursor, of whatever could be read now or later, and what is open in a chain that nobody writes to any
 * more. `clock`: and records of several lines that nothing continues, or that (`once`) nothing will.
 */
export function pendingBytes(chain: Chain, cursor: Cursor | null, clock?: Pick<PlanOptions, "nowMs" | "once">): number {
  let bytes = 0;
  for (const file of unread(chain, cursor)) {
    if (file.record.givenUp === undefined) bytes += Math.max(0, file.size - startOf(file, cursor));
  }
  if (cursor === null || cursor.open.length === 0) return bytes;
  const isOver = chain.superseded || chain.files.every((file) => file.gone);
  const isDue = clock !== undefined && joins(cursor) && (clock.once || isFlushed(chain, clock));
  if (isOver || isDue) bytes += openBytes(readableCursor(chain, cursor));
  return bytes;
}

/** A cursor as the next shipment can use it: without the open records that have a part in a file that can't be read. */
export function readableCursor(chain: Chain, cursor: Cursor | null): Cursor | null {
  if (cursor === null || cursor.open.length === 0) return cursor;
  const readable = chain.files.filter((file) => file.record.givenUp === undefined);
  return { ...cursor, open: cursor.open.filter((open) => isWithin(readable, open)) };
}

/** Whether all parts of an open record are in these files. */
export function isWithin(files: readonly FollowedFile[], { fragments }: Cursor["open"][number]): boolean {
  return fragments.every((part) => files.some((file) => file.record.id === part.file));
}

/** Max-min fair shares of `total` for demands: no one gets more than it asks, and what it leaves is shared by the others. */
export function shareFairly(demands: readonly number[], total: number): number[] {
  const shares = demands.map(() => 0);
  const order = demands.map((_, index) => index).toSorted((a, b) => demands[a]! - demands[b]!);
  let left = total;
  for (const [done, index] of order.entries()) {
    const share = Math.min(demands[index]!, Math.floor(left / (order.length - done)));
    shares[index] = share;
    left -= share;
  }
  return shares;
}

function planChain(chain: Chain, cursor: Cursor | null, options: PlanOptions): ChainPlan | null {
  const segments: Segment[] = [];
  const files = unread(chain, cursor);
  const from = readableCursor(chain, cursor);
  let bytes = 0;
  let ended = false;
  let flushed = false;
  let shrunk = false;
  let passed = false;
  let skipped = false;
  let gap = false;
  const isOpen = from?.open.some(({ fragments }) => fragments.length > 0) ?? false;
  for (const [index, file] of files.entries()) {
    const start = startOf(file, cursor);
    const { givenUp } = file.record;
    if (givenUp !== undefined) {
      const isLost = givenUp.size > start;
      gap ||= isLost;
      // Lost bytes end what is open before them: what comes after is another record's.
      if (isLost && segments.length > 0 && (bytes > 0 || isOpen)) {
        ended = true;
        break;
      }
      passed = true;
      continue;
    }
    if (file.unrecorded || waitsForPod(file, options)) break;
    if (gap && isOpen && segments.length === 0) {
      segments.push({ file, start, target: start, limit: start, torn: false });
      ended = true;
      break;
    }
    skipped ||= passed;
    const last = index === files.length - 1;
    const final = isFinal(chain, file, options.nowMs);
    const torn = final || ((options.once || chain.plainPath) && last && isQuiet(file, options.nowMs));
    shrunk ||= file.size < start;
    const limit = Math.max(start, file.size);
    segments.push({ file, start, target: limit, limit, torn });
    bytes += limit - start;
    ended = final && last;
    flushed = last && !final && joinsLines(chain, from) && isFlushed(chain, options);
    if (!final) break;
  }
  // A file that shrank is planned without bytes: reading it finds out what happened.
  const moves = bytes > 0 || shrunk || skipped || (ended && isOpen) || (flushed && joins(from));
  return moves && segments.length > 0 ? { chain, from, segments, ended, flushed, bytes } : null;
}

function waitsForPod({ awaitsPodSinceMs }: FollowedFile, { nowMs, podWaitMs = Infinity }: PlanOptions): boolean {
  return awaitsPodSinceMs !== null && nowMs - awaitsPodSinceMs < podWaitMs;
}

/** Shortens a plan to `share` bytes: the last segment gets a nearer target, the ones after it are left for later. */
function limitPlan(plan: ChainPlan, share: number): ChainPlan {
  if (share >= plan.bytes) return plan;
  const segments: Segment[] = [];
  let left = share;
  for (const segment of plan.segments) {
    const size = segment.limit - segment.start;
    if (size > left) {
      if (left > 0) segments.push({ ...segment, target: segment.start + left });
      break;
    }
    segments.push(segment);
    left -= size;
  }
  return { ...plan, segments, ended: false, flushed: false, bytes: share };
}

/** Whether a record of whole lines is open. */
function joins(cursor: Cursor | null): boolean {
  return cursor?.open.some((open) => open.joins === true) ?? false;
}

function joinsLines({ files }: Chain, from: Cursor | null): boolean {
  return files.at(-1)?.record.multiline !== undefined || joins(from);
}

/** Whether what is open in a chain with multi-line records would have gone on by now. */
function isFlushed({ files }: Chain, { nowMs, once }: Pick<PlanOptions, "nowMs" | "once">): boolean {
  const timeoutMs = files.at(-1)?.record.multiline?.flushTimeoutMs ?? 0;
  const quietMs = once ? Math.min(timeoutMs, QUIET_MS) : timeoutMs;
  return files.every((file) => nowMs - file.grewAtMs >= quietMs);
}

function openBytes(cursor: Cursor | null): number {
  const fragments = (cursor?.open ?? []).flatMap((open) => open.fragments);
  return fragments.reduce((sum, fragment) => sum + fragment.end - fragment.start, 0);
}

/** The files from the cursor's on. A chain whose cursor names a file that is no longer there starts at its first. */
export function unread(chain: Chain, cursor: Cursor | null): readonly FollowedFile[] {
  const at = cursor === null ? 0 : chain.files.findIndex((file) => file.record.id === cursor.file);
  return at <= 0 ? chain.files : chain.files.slice(at);
}

/** Where reading of a file goes on: at the cursor if that is in it, else at its start. */
export function startOf({ record }: FollowedFile, cursor: Cursor | null): number {
  return cursor?.file === record.id ? cursor.offset : record.startAt;
}

function byContainer(a: ChainPlan, b: ChainPlan): number {
  const [left, right] = [sortKey(a.chain), sortKey(b.chain)];
  for (const [index, text] of left.entries()) {
    const other = right[index]!;
    if (text !== other) return text < other ? -1 : 1;
  }
  return 0;
}

function sortKey(chain: Chain): string[] {
  const origin = chain.files[0]?.record.origin;
  return [
    origin?.namespace ?? "",
    origin?.workload ?? "",
    origin?.pod ?? "",
    origin?.container ?? "",
    chain.path,
    // Of two chains with one path the second follows a gap, and goes on counting.
    String(chain.files[0]?.record.order ?? 0).padStart(12, "0"),
    chain.id,
  ];
}
