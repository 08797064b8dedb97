import type { FilteredEvent } from "../servers/filtered-events.ts";
import { mulberry32 } from "../servers/s3-faults.ts";

const COMPONENTS = [
  "kube-apiserver-audit",
  "kube-apiserver",
  "authenticator",
  "kube-controller-manager",
  "kube-scheduler",
] as const;

export interface Delivery {
  readonly atMs: number;
  readonly event: FilteredEvent;
}

export interface ControlPlane {
  readonly count: number;
  /** Of all components together. */
  readonly streams: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** The longest time from an event to its delivery. */
  readonly latenessMs: number;
  readonly seed: number;
}

/**
 * What a control plane writes, numbered, in the order in which CloudWatch has it: most of it within 20 seconds, a fifth
 * whenever it pleases within `latenessMs`, a tenth a second time. Ids are as long as CloudWatch's.
 */
export function deliveriesOf({ count, streams, fromMs, toMs, latenessMs, seed }: ControlPlane): Delivery[] {
  const random = mulberry32(seed);
  const late = (): number => Math.floor(random() * latenessMs);
  const deliveries: Delivery[] = [];
  for (let number = 0; number < count; number++) {
    const timestamp = Math.floor(fromMs + random() * (toMs - fromMs));
    const index = Math.floor(random() * streams);
    const component = COMPONENTS[index % COMPONENTS.length]!;
    const event: FilteredEvent = {
      eventId: `37${String(number).padStart(54, "0")}`,
      logStreamName: `${component}-${String(index).padStart(32, "0")}`,
      timestamp,
      message: messageOf(component, number, timestamp),
    };
    const delayMs = random() < 0.8 ? Math.min(latenessMs, random() * 20_000) : late();
    deliveries.push({ atMs: timestamp + delayMs, event });
    if (random() < 0.1) deliveries.push({ atMs: timestamp + late(), event });
  }
  return deliveries.toSorted((a, b) => a.atMs - b.atMs);
}

/** As the components write them; an audit event names its number in `auditID`, the others at their end. */
function messageOf(component: (typeof COMPONENTS)[number], number: number, timestampMs: number): string {
  if (component !== "kube-apiserver-audit")
    return `I1121 12:00:00.000000       1 controller.go:100] "Synced" event=${number}`;
  const time = new Date(timestampMs).toISOString();
  return JSON.stringify({
    kind: "Event",
    apiVersion: "audit.k8s.io/v1",
    level: "Metadata",
    auditID: `event=${number}`,
    verb: "get",
    user: { username: `user-${number % 7}` },
    objectRef: { resource: number % 10 === 0 ? "secrets" : "pods", namespace: "shop", name: `object-${number % 100}` },
    requestReceivedTimestamp: time,
    stageTimestamp: time,
  });
}
