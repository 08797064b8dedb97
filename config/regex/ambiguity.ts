import { overlaps, type CharSet } from "./char-set.ts";
import type { RegexNode } from "./parse.ts";

/** Steps of an expression at most: beyond, it is too large to be looked into. */
const STATES_MAX = 3000;
/** Pairs of steps that are looked at, at most. */
const PAIRS_MAX = 400_000;
/** A fixed count up to here is written out, above it counts as a loop. */
const COPIES_MAX = 40;

/**
 * Why a backtracking search may take time that grows exponentially with the text, or null if it can't. That is so if a
 * loop can read one text in two ways and come back to where it was, since each round then doubles the ways (Weideman
 * and others, "Analyzing Matching Time Behavior of Backtracking Regular Expression Matchers": EDA). Counted repeats are
 * taken as loops, atomic groups as plain ones, so that it may refuse too much, never too little; the texts that
 * look-arounds and back-references read count on their own.
 */
export function findBlowUp(node: RegexNode): string | null {
  const machines = [node, ...lookArounds(node)];
  for (const machine of machines) {
    const graph = build(machine);
    if (graph === null) return `is too large: more than ${STATES_MAX} steps`;
    const reason = isAmbiguousLoop(graph);
    if (reason !== null) return reason;
  }
  return null;
}

function lookArounds(node: RegexNode): RegexNode[] {
  switch (node.kind) {
    case "sequence":
    case "alternatives":
      return node.nodes.flatMap(lookArounds);
    case "look":
      return [node.node, ...lookArounds(node.node)];
    case "repeat":
    case "group":
    case "atomic":
      return lookArounds(node.node);
    default:
      return [];
  }
}

/** Places between characters: an empty step leads to each of `empty`; `set` (if any) to `target`. */
interface State {
  readonly empty: State[];
  set: CharSet | null;
  target: State | null;
}

interface Graph {
  /** Reading states: each reads its set and goes on to any of `next`, which holds one twice if two ways lead there. */
  readonly sets: readonly CharSet[];
  readonly next: readonly (readonly number[])[];
}

/** The expression as an automaton without empty steps, or null if it is too large. */
function build(root: RegexNode): Graph | null {
  const states: State[] = [];
  const start = newState(states);
  const end = append(root, start, states);
  if (end === null) return null;
  const readers = states.filter((state) => state.set !== null);
  const ids = new Map(readers.map((state, id) => [state, id]));
  const next = readers.map((state) => reachable(state.target!, ids));
  return { sets: readers.map((state) => state.set!), next };
}

function newState(states: State[]): State {
  const state: State = { empty: [], set: null, target: null };
  states.push(state);
  return state;
}

/** Adds what a node reads behind a state; returns the state behind it, or null if there are too many. */
function append(node: RegexNode, from: State, states: State[]): State | null {
  if (states.length > STATES_MAX) return null;
  switch (node.kind) {
    case "set": {
      const reader = newState(states);
      from.empty.push(reader);
      reader.set = node.set;
      reader.target = newState(states);
      return reader.target;
    }
    case "sequence":
      return node.nodes.reduce<State | null>((at, each) => (at === null ? null : append(each, at, states)), from);
    case "alternatives": {
      const end = newState(states);
      for (const each of node.nodes) {
        const start = newState(states);
        from.empty.push(start);
        const last = append(each, start, states);
        if (last === null) return null;
        last.empty.push(end);
      }
      return end;
    }
    case "repeat":
      return appendRepeat(node, from, states);
    case "group":
    case "atomic":
      return append(node.node, from, states);
    default:
      return from;
  }
}

function appendRepeat(node: RegexNode & { readonly kind: "repeat" }, from: State, states: State[]): State | null {
  const { min, max } = node;
  if (max === 0) return from;
  let at: State | null = from;
  if (max === min && max <= COPIES_MAX) {
    for (let i = 0; i < max && at !== null; i++) at = append(node.node, at, states);
    return at;
  }
  const enter = newState(states);
  at.empty.push(enter);
  const last = append(node.node, enter, states);
  if (last === null) return null;
  const end = newState(states);
  // One way each from behind the body to another round and to what follows the loop: not both here and by its head.
  if (max > 1) last.empty.push(enter);
  if (min === 0) enter.empty.push(end);
  if (min > 0 || max === 1) last.empty.push(end);
  return end;
}

/** The readers that empty steps lead to, each as often as there are ways, up to two. */
function reachable(from: State, ids: ReadonlyMap<State, number>): number[] {
  const counts = new Map<number, number>();
  const onPath = new Set<State>();
  const ways = new Map<State, number>();
  let visits = 0;
  const visit = (state: State): void => {
    // Ways are counted up to two, so no state needs more visits than that; the bound is for what folds often.
    if (onPath.has(state) || (ways.get(state) ?? 0) >= 2 || ++visits > STATES_MAX * 2) return;
    ways.set(state, (ways.get(state) ?? 0) + 1);
    const id = ids.get(state);
    if (id !== undefined) counts.set(id, Math.min(2, (counts.get(id) ?? 0) + 1));
    onPath.add(state);
    state.empty.forEach(visit);
    onPath.delete(state);
  };
  visit(from);
  return [...counts].flatMap(([id, count]) => (count > 1 ? [id, id] : [id]));
}

const REASON = "can read one text in so many ways that a search may never end";

function isAmbiguousLoop(graph: Graph): string | null {
  const component = components(graph.next);
  const size = graph.next.length;
  const inLoop = (from: number, to: number): boolean => component[from] === component[to];
  for (let from = 0; from < size; from++) {
    const twice = graph.next[from]!.filter((to, i, all) => inLoop(from, to) && all.indexOf(to) !== i);
    if (twice.length > 0) return REASON;
  }
  // Two different steps from p within its loop, reading the same: can they come together again?
  let pairs = 0;
  for (let p = 0; p < size; p++) {
    const loop = graph.next[p]!.filter((to) => inLoop(p, to));
    const seen = new Set<number>();
    const queue: (readonly [number, number])[] = [];
    const enqueue = (a: number, b: number): void => {
      const key = a < b ? a * size + b : b * size + a;
      if (seen.has(key)) return;
      seen.add(key);
      queue.push([a, b]);
    };
    for (const a of loop) for (const b of loop) if (a < b && overlaps(graph.sets[a]!, graph.sets[b]!)) enqueue(a, b);
    for (let i = 0; i < queue.length; i++) {
      if (++pairs > PAIRS_MAX) return "is too large to find out whether a search with it ends in time";
      const [a, b] = queue[i]!;
      // Together again, and the loop leads back to p.
      if (a === b) return REASON;
      for (const nextA of graph.next[a]!)
        for (const nextB of graph.next[b]!) {
          if (!inLoop(p, nextA) || !inLoop(p, nextB)) continue;
          if (overlaps(graph.sets[nextA]!, graph.sets[nextB]!)) enqueue(nextA, nextB);
        }
    }
  }
  return null;
}

/** Of each state the loop (strongly connected component) that it is in; Tarjan's algorithm, without recursion. */
function components(next: readonly (readonly number[])[]): number[] {
  const size = next.length;
  const component = Array.from({ length: size }, () => -1);
  const index = Array.from({ length: size }, () => -1);
  const low = Array.from({ length: size }, () => 0);
  const stack: number[] = [];
  const onStack = new Set<number>();
  let counter = 0;
  let found = 0;
  for (let root = 0; root < size; root++) {
    if (index[root] !== -1) continue;
    const work: { at: number; edge: number }[] = [{ at: root, edge: 0 }];
    while (work.length > 0) {
      const frame = work.at(-1)!;
      const { at } = frame;
      if (frame.edge === 0) {
        index[at] = low[at] = counter++;
        stack.push(at);
        onStack.add(at);
      }
      const to = next[at]![frame.edge++];
      if (to !== undefined) {
        if (index[to] === -1) work.push({ at: to, edge: 0 });
        else if (onStack.has(to)) low[at] = Math.min(low[at]!, index[to]!);
        continue;
      }
      work.pop();
      const parent = work.at(-1)?.at;
      if (parent !== undefined) low[parent] = Math.min(low[parent]!, low[at]!);
      if (low[at] !== index[at]) continue;
      for (let member = -1; member !== at;) {
        member = stack.pop()!;
        onStack.delete(member);
        component[member] = found;
      }
      found++;
    }
  }
  return component;
}
