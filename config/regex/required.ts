import type { CharSet } from "./char-set.ts";
import type { RegexNode } from "./parse.ts";

/** Three ASCII characters in a row, each given by all that it may be. */
export type Trigram = readonly [string, string, string];

/** Sets that are no larger are worth looking for: a letter in both cases, a few digits. */
const SET_MAX = 4;
const TRIGRAMS_MAX = 8;

/**
 * Trigrams of which every text that matches has one at least, the rarest there are by what logs are made of; null if there
 * are none, or too many. Texts can be searched for them, as bytes, before the expression is tried.
 */
export function requiredTrigrams(node: RegexNode): readonly Trigram[] | null {
  let best: readonly Trigram[] | null = null;
  let run: string[] = [];
  const offer = (trigrams: readonly Trigram[] | null): void => {
    if (trigrams !== null && (best === null || commonness(trigrams) < commonness(best))) best = trigrams;
  };
  const endRun = (): void => {
    for (let at = 0; at + 3 <= run.length; at++) offer([[run[at]!, run[at + 1]!, run[at + 2]!]]);
    run = [];
  };
  for (const part of partsOf(node)) {
    // What takes no room does not part what stands around it.
    if (part.kind === "anchor" || part.kind === "look") continue;
    const characters = part.kind === "set" ? charactersOf(part.set) : null;
    if (characters !== null) {
      run.push(characters);
      continue;
    }
    endRun();
    if (part.kind === "repeat" && part.min > 0) offer(requiredTrigrams(part.node));
    else if (part.kind === "alternatives") offer(requiredOfEach(part.nodes));
  }
  endRun();
  return best;
}

/** What follows each other, groups opened. */
function partsOf(node: RegexNode): readonly RegexNode[] {
  if (node.kind === "sequence") return node.nodes.flatMap(partsOf);
  return node.kind === "group" || node.kind === "atomic" ? partsOf(node.node) : [node];
}

function requiredOfEach(nodes: readonly RegexNode[]): readonly Trigram[] | null {
  const all: Trigram[] = [];
  for (const node of nodes) {
    const required = requiredTrigrams(node);
    if (required === null) return null;
    all.push(...required);
  }
  return all.length <= TRIGRAMS_MAX ? all : null;
}

function charactersOf(set: CharSet): string | null {
  let characters = "";
  for (const [from, to] of set) {
    if (to > 0x7f || characters.length + to - from >= SET_MAX) return null;
    for (let unit = from; unit <= to; unit++) characters += String.fromCharCode(unit);
  }
  return characters === "" ? null : characters;
}

/** How many places in logs they may stand for, about: characters by how often logs have them. */
function commonness(trigrams: readonly Trigram[]): number {
  return trigrams.reduce((sum, trigram) => sum + trigram.reduce((product, each) => product * shareOf(each), 1), 0);
}

const SHARES = [
  [" etaoinsr0123456789", 0.04],
  ["cdlhumpfg.-:\"=/", 0.02],
  ["bwyvk,_", 0.01],
] as const; // prettier-ignore

function shareOf(characters: string): number {
  let share = 0;
  for (const character of characters) share += SHARES.find(([some]) => some.includes(character))?.[1] ?? 0.003;
  return share;
}
