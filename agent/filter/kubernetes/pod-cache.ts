import type { PodFacts } from "./facts.ts";

/** A deleted pod is kept so long at least: files of it may not have been found yet. */
const KEEP_MS = 300_000;

interface Known {
  readonly facts: PodFacts;
  /** Null while the pod is there. */
  deletedAtMs: number | null;
}

/**
 * The pods of the node by uid, so that a new pod of an old name is another one. Those that are deleted stay until their
 * files are drained. Times are milliseconds of `performance.now()`.
 */
export class PodCache {
  readonly #byUid = new Map<string, Known>();
  /** The last pod of a name, and static pods by the hash that stands in their paths. */
  readonly #byName = new Map<string, Known>();
  readonly #byHash = new Map<string, Known>();
  #listed: Set<string> | null = null;

  /** Pods that are there, and deleted ones that are kept. */
  get size(): number {
    return this.#byUid.size;
  }

  /** The pod of a log file: by the id in its path, or, where the path has none, the last of its name. */
  find(id: string | null, namespace: string, name: string): PodFacts | null {
    const known =
      id === null ? this.#byName.get(keyOf(namespace, name)) : (this.#byUid.get(id) ?? this.#byHash.get(id));
    return known?.facts ?? null;
  }

  put(facts: PodFacts): void {
    if (facts.uid === null) return;
    const known: Known = { facts, deletedAtMs: null };
    this.#byUid.set(facts.uid, known);
    this.#byName.set(keyOf(facts.namespace, facts.name), known);
    if (facts.configHash !== null) this.#byHash.set(facts.configHash, known);
    this.#listed?.add(facts.uid);
  }

  delete(uid: string, nowMs: number): void {
    const known = this.#byUid.get(uid);
    if (known !== undefined) known.deletedAtMs ??= nowMs;
  }

  /** A list of all pods begins: what it does not have is deleted when it ends. */
  beginList(): void {
    this.#listed = new Set();
  }

  endList(nowMs: number): void {
    for (const uid of this.#byUid.keys()) if (this.#listed?.has(uid) === false) this.delete(uid, nowMs);
    this.#listed = null;
  }

  /** Forgets deleted pods that no file is followed of. `isUsed` is asked with the id in a path. */
  sweep(isUsed: (id: string) => boolean, nowMs: number): void {
    for (const [uid, known] of this.#byUid) {
      const { facts, deletedAtMs } = known;
      if (deletedAtMs === null || nowMs - deletedAtMs < KEEP_MS) continue;
      if (isUsed(uid) || (facts.configHash !== null && isUsed(facts.configHash))) continue;
      this.#byUid.delete(uid);
      forget(this.#byName, keyOf(facts.namespace, facts.name), known);
      if (facts.configHash !== null) forget(this.#byHash, facts.configHash, known);
    }
  }
}

function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

function forget(map: Map<string, Known>, key: string, known: Known): void {
  if (map.get(key) === known) map.delete(key);
}
