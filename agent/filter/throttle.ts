import type { ThrottleConfig } from "../../config/filter/throttle.ts";
import type { Origin } from "../record.ts";
import type { RecordFilter } from "./filter.ts";
import { tagMatcher } from "./match.ts";

/**
 * Fluent Bit's throttle, with a window for each container, so that one that floods takes no other's share. Time is the
 * records', and the windows of a shipment begin empty: what is dropped is the same when the shipment is repeated.
 */
export function createThrottle(config: ThrottleConfig): RecordFilter {
  const ofShipments = new WeakMap<object, Map<string, Window>>();
  return {
    name: "throttle",
    matches: tagMatcher(config.match),
    open(origin, shipment) {
      const windows = ofShipments.get(shipment) ?? new Map<string, Window>();
      ofShipments.set(shipment, windows);
      const key = keyOf(origin);
      const window = windows.get(key) ?? createWindow(config);
      windows.set(key, window);
      return {
        apply(rows) {
          for (let row = 0; row < rows.count; row++)
            if (rows.keeps(row) && !window(rows.seconds(row) * 1000 + rows.nanos(row) / 1e6)) rows.drop(row);
        },
      };
    },
  };
}

/** The files of a container share a rate, whatever its attempt; another tag is another stream. */
function keyOf({ tag, podId, namespace, pod, container, path }: Origin): string {
  return JSON.stringify(container === null ? [tag, path] : [tag, podId ?? [namespace, pod], container]);
}

/** Takes the time of a record, in milliseconds, and says whether it is within the rate. */
type Window = (timeMs: number) => boolean;

function createWindow({ rate, window, intervalMs }: ThrottleConfig): Window {
  const kept = new Uint32Array(window);
  let total = 0;
  let current = -Infinity;
  return (timeMs) => {
    const pane = Math.floor(timeMs / intervalMs);
    // A record that is late counts as of now: what was let through does not change.
    if (pane > current) {
      for (let empty = Math.max(current + 1, pane - window + 1); empty <= pane; empty++) {
        total -= kept[empty % window]!;
        kept[empty % window] = 0;
      }
      current = pane;
    }
    if (total / window >= rate) return false;
    kept[current % window]!++;
    total++;
    return true;
  };
}
