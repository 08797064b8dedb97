/**
 * What `logq compact` writes of an hour, below `_compact/`. Each is written once, by who comes first, and never changed:
 *
 *   _compact/cluster=<c>/dt=<d>/hour=<h>-<generation>.plan.json      which objects are to be merged, and into what
 *                                                    .outcome.json   finished: the merged objects count, their inputs
 *                                                                    don't; or cancelled. The one thing that decides
 *                                                    .cleaned.json   no input has rows any more
 *                                                    .closed.json    the markers at the inputs' keys are gone
 *
 * Generations of a partition are planned one after the other: the next one only once the one before has its outcome.
 */
const STEPS = ["plan", "outcome", "cleaned", "closed"] as const;
export type Step = (typeof STEPS)[number];

/** Shipments of one output of one agent: in a partition each has one object at most. */
export interface InputRange {
  /** `<node>-<life>-<output>`, as it stands in the objects' names. */
  readonly writer: string;
  /** First and last number, both inclusive. */
  readonly seqs: readonly (readonly [number, number])[];
}

export interface PlannedOutput {
  /** Base name. */
  readonly name: string;
  readonly rows: number;
  /** How many objects are merged, and their bytes. */
  readonly objects: number;
  readonly bytes: number;
  readonly inputs: readonly InputRange[];
  /** Names of merged objects of earlier generations among the inputs. */
  readonly merged: readonly string[];
}

export interface Plan {
  readonly version: 1;
  /** `cluster=…/dt=…/hour=…` */
  readonly partition: string;
  readonly generation: number;
  /** Milliseconds since 1970. */
  readonly plannedMs: number;
  readonly by: { readonly host: string; readonly pid: number };
  readonly outputs: readonly PlannedOutput[];
}

export interface Outcome extends Plan {
  readonly state: "finished" | "cancelled";
  readonly decidedMs: number;
  /** Why it was cancelled. */
  readonly reason?: string;
}

export const RECORDS = "_compact";

export function recordKey(partition: string, generation: number, step: Step): string {
  return `${RECORDS}/${partition}-${generation}.${step}.json`;
}

/** Null for a key that is no record's. */
export function parseRecordKey(key: string): { partition: string; generation: number; step: Step } | null {
  const match = /^_compact\/(cluster=[^/]+\/dt=[^/]+\/hour=\d\d)-(\d+)\.(plan|outcome|cleaned|closed)\.json$/.exec(key);
  return match === null ? null : { partition: match[1]!, generation: Number(match[2]), step: match[3] as Step };
}

export function mergedName(generation: number, part: number): string {
  return `merged-${generation}-${part}.parquet`;
}

/** The generation of a merged object; null for any other base name. */
export function mergedGeneration(baseName: string): number | null {
  const match = /^merged-(\d+)-\d+\.parquet$/.exec(baseName);
  return match === null ? null : Number(match[1]);
}

/** Who wrote an object and in which of its shipments; null for a name that no agent gave: such an object is never merged. */
export function shipmentOf(baseName: string): { readonly writer: string; readonly seq: number } | null {
  const match = /^(.+?-[0-9a-f]{20}-.+)-(\d+)(?:-h\d\d)?\.parquet$/.exec(baseName);
  return match === null ? null : { writer: match[1]!, seq: Number(match[2]) };
}

/** Whether an object is merged into this one. */
export function isInputOf({ inputs, merged }: PlannedOutput, baseName: string): boolean {
  if (merged.includes(baseName)) return true;
  const shipment = shipmentOf(baseName);
  if (shipment === null) return false;
  const { writer, seq } = shipment;
  return inputs.some((range) => range.writer === writer && range.seqs.some(([a, b]) => a <= seq && seq <= b));
}

/** Throws Error for what is none of ours, or of a version that this one does not know. */
export function parsePlan(text: string): Plan {
  return parsed(text) as Plan;
}

export function parseOutcome(text: string): Outcome {
  return parsed(text) as Outcome;
}

function parsed(text: string): unknown {
  const value = JSON.parse(text) as Partial<Plan>;
  if (value.version !== 1) throw new Error(`a record of version ${String(value.version)}: this logq knows version 1`);
  return value;
}
