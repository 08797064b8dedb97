import type { FileRecord } from "./file-store.ts";
import type { TailState } from "./tail-state.ts";

/** The part of a file's record that says where its records come from. */
export type Described = Pick<FileRecord, "origin" | "awaitsPod">;

/**
 * Describes a file that is followed from now on. `before`: one of the same container, whose pod is taken where the API
 * knows it no more.
 */
export function describeFound(
  { options }: TailState,
  before: FileRecord | undefined,
  file: { path: string; resolved: string; id: string },
): Described {
  const origin = options.describe(file);
  if (options.pods?.awaits(origin) !== true) return { origin };
  if (before === undefined || before.awaitsPod === true || options.pods.awaits(before.origin))
    return { origin, awaitsPod: true };
  return { origin: { ...before.origin, file: origin.file, tag: origin.tag, path: origin.path } };
}

/**
 * Asks anew for the pods of files that were found before their pods were known. When one is known, or was waited for long
 * enough, the file's metadata becomes durable with what this look finds: from then on it stays as it is, so that a repeated
 * shipment gives the same. Until it is durable the file is not shipped.
 */
export function settlePods(state: TailState, nowMs: number): void {
  const { pods } = state.options;
  for (const file of state.awaiting) {
    const { awaitsPod: _, ...record } = file.record;
    const { id, chain, chainPath, origin } = record;
    const described = describeFound(state, undefined, { path: origin.path, resolved: chainPath, id });
    const isKnown = described.awaitsPod !== true;
    // A little early, so that a shipment which is due after the same time finds it settled.
    const isOver = nowMs - (file.awaitsPodSinceMs ?? 0) >= (pods?.waitMs ?? 0) * 0.9;
    if (!isKnown && !isOver) continue;
    if (!isKnown) pods?.onGivenUp(described.origin);
    file.record = { ...record, origin: described.origin };
    file.awaitsPodSinceMs = null;
    file.unrecorded = true;
    state.awaiting.delete(file);
    state.found?.add(chain);
  }
}
