/**
 * What the names and times of a store's objects say of the agents that wrote them: who ships, since when nothing came,
 * which shipments have left no object. Nothing is opened for it.
 */
import { counted } from "../footer.ts";
import type { StoredObject } from "../store/store.ts";
import { zoneOffsetMs } from "../zone.ts";
import { ok, warn, type Check } from "./check.ts";
import { isNamedByAgent, shippersOf, SHIPMENTS_MIN, usualIntervalMs, type Shipment, type Shipper } from "./shippers.ts";

interface Gap {
  /** Null: of all nodes. */
  readonly title: string | null;
  readonly fromMs: number;
  readonly toMs: number;
  /** Shipments between the two ends that have no object here; null if the ends are not of one series. */
  readonly missing: number | null;
}

/** A shipper, or all of them together (without a title). */
type Activity = Omit<Shipper, "title"> & Pick<Gap, "title">;

/** Nothing for so long is worth a word whatever the agent's `upload_timeout`. */
const GAP_MS_MIN = 5 * 60_000;
/** … and nothing for so many times as long as usual, for quiet nodes. */
const GAP_INTERVALS_MIN = 5;
const STALE_MS_MIN = 15 * 60_000;
/** Lines that one check may take; the rest is counted. */
const LINES_MAX = 20;
/** An agent that lost its journal goes on with the clock's milliseconds. */
const JUMP_MIN = 1_000_000_000;
const HOUR_MS = 3_600_000;

/** `objects`: all of some hours, in any order. `zone`: of the times in messages. */
export function shippingChecks(objects: readonly StoredObject[], nowMs: number, zone: string): Check[] {
  const shippers = shippersOf(objects);
  const unknown = objects.filter((object) => !isNamedByAgent(object));
  return [
    ...newestChecks(shippers, nowMs, zone),
    ...gapChecks(shippers, zone),
    ...numberChecks(shippers, zone),
    ...(unknown.length === 0
      ? []
      : [
          warn(
            "names",
            `${counted(unknown.length, "object")} not named by logq-agent, ${unknown[0]!.key} for one`,
            "queries read them too: keep other files out of the store",
          ),
        ]),
  ];
}

/** When each node last shipped. */
function newestChecks(shippers: readonly Shipper[], nowMs: number, zone: string): Check[] {
  const newest = shippers.map(({ title, shipments }) => {
    const { storedMs } = shipments.at(-1)!;
    const limitMs = Math.max(STALE_MS_MIN, GAP_INTERVALS_MIN * usualIntervalMs(shipments));
    const text = `${title}: newest object ${timeText(storedMs, zone)} ${zone}, ${durationText(nowMs - storedMs)} ago`;
    return { storedMs, text, isStale: nowMs - storedMs > limitMs };
  });
  const stale = newest.filter(({ isStale }) => isStale).toSorted((a, b) => b.storedMs - a.storedMs);
  const fresh = newest.filter(({ isStale }) => !isStale).map(({ text }) => text);
  const hint = "is the node gone, or quiet? else see the agent's log and /api/v1/health there";
  const lines = fresh.length <= LINES_MAX ? fresh : [`${counted(fresh.length, "node")} ship`];
  return [
    ...lines.map((text) => ok("newest object", text)),
    ...shortened(stale, (rest) => `${counted(rest, "more node")} shipped nothing lately`).map((text) =>
      warn("newest object", text, hint),
    ),
  ];
}

function gapChecks(shippers: readonly Shipper[], zone: string): Check[] {
  const common = shippers.length < 2 ? [] : gapsOf(everybody(shippers));
  const isCommon = (gap: Gap): boolean => common.some(({ fromMs, toMs }) => gap.fromMs < toMs && fromMs < gap.toMs);
  const own = shippers.flatMap(gapsOf);
  const gaps = [...common, ...own.filter((gap) => !isCommon(gap))].toSorted((a, b) => a.fromMs - b.fromMs);
  if (gaps.length === 0) return [ok("gaps", "every node shipped without a pause")];
  const lines = gaps.map((gap) => ({ text: gapText(gap, zone) }));
  return shortened(lines, (rest) => `${counted(rest, "more gap")}: a shorter window (--since) lists them`).map((text) =>
    warn("gaps", text, "was the node quiet or down? what it still has is shipped when it is back, under its own time"),
  );
}

function gapsOf(shipper: Activity): Gap[] {
  const pauses = pausesOf(shipper);
  return [...pauses, ...emptyHoursOf(shipper, pauses)];
}

/** Times without a shipment that are much longer than usual. */
function pausesOf({ shipments, title }: Activity): Gap[] {
  if (shipments.length < SHIPMENTS_MIN) return [];
  const limitMs = Math.max(GAP_MS_MIN, GAP_INTERVALS_MIN * usualIntervalMs(shipments));
  return shipments.slice(1).flatMap((next, i) => {
    const last = shipments[i]!;
    if (next.storedMs - last.storedMs < limitMs) return [];
    const missing = next.life === last.life && next.seq > last.seq ? next.seq - last.seq - 1 : null;
    return [{ title, fromMs: last.storedMs, toMs: next.storedMs, missing: title === null ? null : missing }];
  });
}

/** Hours without a record between hours that have some, where no pause explains them: a copied store keeps no times. */
function emptyHoursOf({ hours, title }: Activity, pauses: readonly Gap[]): Gap[] {
  return hours.slice(1).flatMap((hour, i) => {
    const [fromMs, toMs] = [(hours[i]! + 1) * HOUR_MS, hour * HOUR_MS];
    const isExplained = pauses.some((pause) => pause.fromMs < toMs && fromMs < pause.toMs);
    return fromMs === toMs || isExplained ? [] : [{ title, fromMs, toMs, missing: null }];
  });
}

/** Shipments are numbered: one without an object is explained, or lost by somebody who deletes objects. */
function numberChecks(shippers: readonly Shipper[], zone: string): Check[] {
  const lines = shippers.flatMap(({ title, shipments }) =>
    [...Map.groupBy(shipments, ({ life }) => life).values()].flatMap((series) => {
      const bySeq = series.toSorted((a, b) => a.seq - b.seq);
      const holes = bySeq.slice(1).flatMap((next, i) => holeText(bySeq[i]!, next, zone));
      return holes.map((hole) => ({ text: `${title}: ${hole}` }));
    }),
  );
  if (lines.length === 0) return [ok("numbers", "no shipment is missing between the first and the last")];
  const hint =
    "their records may be of other hours (--all-time looks at all), filtered, or shipped under a later number after " +
    "their files changed; else somebody deleted objects";
  return shortened(lines, (rest) => counted(rest, "more hole")).map((text) => warn("numbers", text, hint));
}

function holeText(last: Shipment, next: Shipment, zone: string): string[] {
  const count = next.seq - last.seq - 1;
  if (count <= 0) return [];
  if (count > JUMP_MIN)
    return [`numbers jump from ${last.seq} to ${next.seq}: its journal was lost, so records may be stored twice`];
  const numbers = count === 1 ? `shipment ${last.seq + 1} has` : `shipments ${last.seq + 1} to ${next.seq - 1} have`;
  return [
    `${numbers} no object here, between ${timeText(last.storedMs, zone)} and ${timeText(next.storedMs, zone)} ${zone}`,
  ];
}

function everybody(shippers: readonly Shipper[]): Activity {
  return {
    title: null,
    shipments: shippers.flatMap(({ shipments }) => shipments).toSorted((a, b) => a.storedMs - b.storedMs),
    hours: [...new Set(shippers.flatMap(({ hours }) => hours))].toSorted((a, b) => a - b),
  };
}

function gapText({ title, fromMs, toMs, missing }: Gap, zone: string): string {
  const isOneDay = timeText(fromMs, zone).slice(0, 10) === timeText(toMs, zone).slice(0, 10);
  const to = timeText(toMs, zone).slice(isOneDay ? 11 : 0);
  const numbers =
    missing === null ? "" : missing === 0 ? "; no number is missing" : `; ${counted(missing, "number")} missing`;
  const who = title === null ? "no node shipped anything" : `${title} shipped nothing`;
  return `${who} ${timeText(fromMs, zone)}-${to} ${zone} (${durationText(toMs - fromMs)})${numbers}`;
}

function shortened(lines: readonly { readonly text: string }[], rest: (count: number) => string): string[] {
  const shown = lines.slice(0, LINES_MAX).map(({ text }) => text);
  return lines.length <= LINES_MAX ? shown : [...shown, rest(lines.length - LINES_MAX)];
}

function timeText(epochMs: number, zone: string): string {
  const local = new Date(epochMs + zoneOffsetMs(zone, epochMs));
  return local.toISOString().slice(0, 16).replace("T", " ");
}

/** `40 s`, `12 min`, `2 h 5 min`, `3 d 4 h`. */
function durationText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
