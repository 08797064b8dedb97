/** Who wrote the objects of a store, and when: read from their names (`config/table.ts`). */
import { parseObjectName } from "../../config/table.ts";
import type { StoredObject } from "../store/store.ts";

/** What one output of one agent has stored. */
export interface Shipper {
  /** As it is called in messages: the node, and the cluster or the output where there are several. */
  readonly title: string;
  /** In order of time. */
  readonly shipments: readonly Shipment[];
  /** Whole hours since 1970 of the records. */
  readonly hours: readonly number[];
}

export interface Shipment {
  readonly life: string;
  readonly seq: number;
  /** When its first object was stored. */
  readonly storedMs: number;
}

/** Fewer shipments have no usual interval. */
export const SHIPMENTS_MIN = 5;

/** One for each output of each node; objects that logq-agent has not named are left out. */
export function shippersOf(objects: readonly StoredObject[]): Shipper[] {
  const named = objects.flatMap((object) => {
    const name = parseObjectName(baseName(object.key));
    return name === null ? [] : [{ ...name, ...object, cluster: object.partition.cluster }];
  });
  const severalClusters = new Set(named.map(({ cluster }) => cluster)).size > 1;
  const outputs = Map.groupBy(named, ({ cluster, node }) => `${cluster}/${node}`);
  const groups = Map.groupBy(named, ({ cluster, node, output }) => `${cluster}/${node}/${output}`);
  return [...groups.values()].map((members) => {
    const { cluster, node, output } = members[0]!;
    const severalOutputs = new Set(outputs.get(`${cluster}/${node}`)!.map((each) => each.output)).size > 1;
    const title = `${severalClusters ? `${cluster}/` : ""}${node}${severalOutputs ? ` (${output})` : ""}`;
    const hours = [...new Set(members.map(({ partition }) => partition.hour))].toSorted((a, b) => a - b);
    return { title, shipments: shipmentsOf(members), hours };
  });
}

/** An object for each event hour: a shipment may have several. */
function shipmentsOf(members: readonly { life: string; seq: number; modifiedMs: number }[]): Shipment[] {
  const byNumber = Map.groupBy(members, ({ life, seq }) => `${life}/${seq}`);
  const shipments = [...byNumber.values()].map((parts) => {
    const { life, seq } = parts[0]!;
    return { life, seq, storedMs: Math.min(...parts.map(({ modifiedMs }) => modifiedMs)) };
  });
  return shipments.toSorted((a, b) => a.storedMs - b.storedMs || a.seq - b.seq);
}

/** The median of the times from one shipment to the next; 0 if there are too few. */
export function usualIntervalMs(shipments: readonly Shipment[]): number {
  if (shipments.length < SHIPMENTS_MIN) return 0;
  const intervals = shipments.slice(1).map(({ storedMs }, i) => storedMs - shipments[i]!.storedMs);
  return intervals.toSorted((a, b) => a - b)[Math.floor(intervals.length / 2)]!;
}

/** Whether logq-agent has named it. */
export function isNamedByAgent({ key }: StoredObject): boolean {
  return parseObjectName(baseName(key)) !== null;
}

function baseName(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1);
}
