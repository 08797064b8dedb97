/** What is the same for many rows, held once: rows carry a number in its place. */
import type { RowsOrigin } from "../../parquet/rows.ts";

export interface Origins {
  /** By their numbers. */
  readonly list: readonly RowsOrigin[];
  idOf(origin: RowsOrigin): number;
  /** Each origin's place in the order of rows, and its file's: by number. Those that came later have none yet. */
  ranks(): Ranks;
}

export interface Ranks {
  /** By workload, pod and namespace; nothing comes first. */
  readonly pod: Uint32Array;
  readonly file: Uint32Array;
}

export function createOrigins(): Origins {
  const list: RowsOrigin[] = [];
  const ids = new Map<string, number>();
  return {
    list,
    idOf(origin) {
      const { file, source, node, namespace, workload, pod, container, podId, image, labels } = origin;
      const texts = [file, source, node, namespace, workload, pod, container, podId, image];
      const key = JSON.stringify([...texts, labels === null ? null : Object.entries(labels)]);
      let id = ids.get(key);
      if (id === undefined) {
        id = list.push(origin) - 1;
        ids.set(key, id);
      }
      return id;
    },
    ranks: () => ({
      pod: rank(list, ({ workload, pod, namespace }) => [workload, pod, namespace]),
      file: rank(list, ({ file }) => [file]),
    }),
  };
}

/** Equal keys have the same rank. */
function rank(list: readonly RowsOrigin[], keyOf: (origin: RowsOrigin) => (string | null)[]): Uint32Array {
  const keys = list.map((origin) => keyOf(origin).map((text) => (text === null ? null : Buffer.from(text))));
  const order = Array.from(list, (_, id) => id).toSorted((a, b) => compareKeys(keys[a]!, keys[b]!));
  const ranks = new Uint32Array(list.length);
  let last = 0;
  for (const [place, id] of order.entries()) {
    if (place > 0 && compareKeys(keys[order[place - 1]!]!, keys[id]!) !== 0) last++;
    ranks[id] = last;
  }
  return ranks;
}

/** As bytes: the order of SQL. */
function compareKeys(a: readonly (Buffer | null)[], b: readonly (Buffer | null)[]): number {
  for (const [i, left] of a.entries()) {
    const right = b[i]!;
    if (left === null && right === null) continue;
    if (left === null) return -1;
    if (right === null) return 1;
    const order = left.compare(right);
    if (order !== 0) return order;
  }
  return 0;
}
