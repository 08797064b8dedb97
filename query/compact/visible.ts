/** Which objects of a partition count: a pure function of their names and the outcomes of its compactions. */
import { mergedGeneration, shipmentOf, type Outcome } from "../../config/compact-records.ts";

export interface Visibility {
  /** Whether the rows of the object are to be read. */
  readonly counts: (name: string) => boolean;
  /** Whether its rows are in a merged object that counts. */
  readonly isSuperseded: (name: string) => boolean;
  /** Merged objects that count. */
  readonly merged: ReadonlySet<string>;
}

/**
 * Of one partition. A merged object counts from the moment at which its outcome is there, and until a later generation has
 * merged it again; its inputs count until then. Nothing else is looked at: not whether inputs are still there.
 */
export function visibilityOf(outcomes: readonly Outcome[]): Visibility {
  const outputs = outcomes.filter(({ state }) => state === "finished").flatMap((outcome) => outcome.outputs);
  const writers = new Map<string, (readonly [number, number])[]>();
  for (const { writer, seqs } of outputs.flatMap(({ inputs }) => inputs)) {
    writers.set(writer, [...(writers.get(writer) ?? []), ...seqs]);
  }
  const mergedAgain = new Set(outputs.flatMap(({ merged }) => merged));
  const merged = new Set(outputs.map(({ name }) => name).filter((name) => !mergedAgain.has(name)));
  const isSuperseded = (name: string): boolean => {
    if (mergedAgain.has(name)) return true;
    const shipment = shipmentOf(name);
    if (shipment === null) return false;
    const { writer, seq } = shipment;
    return writers.get(writer)?.some(([first, last]) => first <= seq && seq <= last) === true;
  };
  return {
    merged,
    isSuperseded,
    counts: (name) => (mergedGeneration(name) === null ? !isSuperseded(name) : merged.has(name)),
  };
}

export interface Seen<Item> {
  readonly objects: Item[];
  /** A merged object that counts is not among them: it came after they were listed, or retention has deleted it. */
  readonly isBehind: boolean;
}

/** The objects of one partition that count. */
export function visibleObjects<Item extends { readonly key: string }>(
  objects: readonly Item[],
  outcomes: readonly Outcome[],
): Seen<Item> {
  const { counts, merged } = visibilityOf(outcomes);
  const names = new Set(objects.map(baseName));
  return {
    objects: objects.filter((object) => counts(baseName(object))),
    isBehind: [...merged].some((name) => !names.has(name)),
  };
}

export function isMerged(object: { readonly key: string }): boolean {
  return mergedGeneration(baseName(object)) !== null;
}

export function baseName({ key }: { readonly key: string }): string {
  return key.slice(key.lastIndexOf("/") + 1);
}
