import { UNIT_MAX, type CharSet } from "./char-set.ts";
import type { ParsedRegex, RegexNode } from "./parse.ts";

/** How `^` and `$` come out, which are line anchors in Ruby. */
export interface AnchorTexts {
  readonly lineStart: string;
  readonly lineEnd: string;
  readonly textStart: string;
  readonly textEnd: string;
  readonly textEndOrNewline: string;
}

/** The source of a JavaScript expression, and where in its match each group of the pattern stands. */
export function emitRegex(parsed: ParsedRegex, anchors: AnchorTexts): { source: string; positions: readonly number[] } {
  const state: EmitState = { anchors, positions: [], count: 0 };
  const source = emit(parsed.node, state);
  return { source: source === "" ? "(?:)" : source, positions: state.positions };
}

interface EmitState {
  readonly anchors: AnchorTexts;
  /** By the group's index less one: its place in the match. */
  readonly positions: number[];
  count: number;
}

function emit(node: RegexNode, state: EmitState): string {
  switch (node.kind) {
    case "set":
      return emitSet(node.set);
    case "sequence":
      return node.nodes
        .map((each) => (each.kind === "alternatives" ? wrapped(each, state) : emit(each, state)))
        .join("");
    case "alternatives":
      return node.nodes.map((each) => emit(each, state)).join("|");
    case "repeat":
      return emitRepeat(node, state);
    case "group":
      state.positions[node.index - 1] = ++state.count;
      return `(${emit(node.node, state)})`;
    case "atomic": {
      // A look-ahead is atomic: what it took is taken again, as it was.
      const position = ++state.count;
      return `(?:(?=(${emit(node.node, state)}))\\${position})`;
    }
    case "look":
      return `(?${node.ahead ? "" : "<"}${node.negative ? "!" : "="}${emit(node.node, state)})`;
    case "backreference":
      return `(?:\\${state.positions[node.index - 1] ?? 0})`;
    default:
      return emitAnchor(node.anchor, state.anchors);
  }
}

function wrapped(node: RegexNode, state: EmitState): string {
  return `(?:${emit(node, state)})`;
}

function emitRepeat(node: RegexNode & { readonly kind: "repeat" }, state: EmitState): string {
  const { min, max, lazy } = node;
  const isSimple = node.node.kind === "set" || node.node.kind === "group" || node.node.kind === "atomic";
  const inner = isSimple ? emit(node.node, state) : wrapped(node.node, state);
  const suffix = lazy ? "?" : "";
  if (min === 0 && max === Infinity) return `${inner}*${suffix}`;
  if (min === 1 && max === Infinity) return `${inner}+${suffix}`;
  if (min === 0 && max === 1) return `${inner}?${suffix}`;
  if (min === max) return `${inner}{${min}}`;
  return `${inner}{${min},${max === Infinity ? "" : max}}${suffix}`;
}

function emitAnchor(anchor: "^" | "$" | "A" | "z" | "Z" | "b" | "B", texts: AnchorTexts): string {
  switch (anchor) {
    case "^":
      return texts.lineStart;
    case "$":
      return texts.lineEnd;
    case "A":
      return texts.textStart;
    case "z":
      return texts.textEnd;
    case "Z":
      return texts.textEndOrNewline;
    default:
      return `\\${anchor}`;
  }
}

function emitSet(set: CharSet): string {
  const [first] = set;
  if (first === undefined) return "[]";
  if (set.length === 1 && first[0] === first[1]) return emitUnit(first[0]);
  const negated = first[0] === 0 && set.at(-1)![1] === UNIT_MAX;
  const ranges = negated ? gaps(set) : set;
  const items = ranges.map(([from, to]) => {
    if (from === to) return emitUnit(from);
    return to === from + 1 ? emitUnit(from) + emitUnit(to) : `${emitUnit(from)}-${emitUnit(to)}`;
  });
  return `[${negated ? "^" : ""}${items.join("")}]`;
}

function gaps(set: CharSet): CharSet {
  return set.slice(1).map((range, i) => [set[i]![1] + 1, range[0] - 1] as const);
}

function emitUnit(unit: number): string {
  const char = String.fromCharCode(unit);
  if (/[A-Za-z0-9 _"'<>=:;,!@#%&~`]/.test(char)) return char;
  if (unit > 32 && unit < 127) return `\\${char}`;
  return `\\u${unit.toString(16).padStart(4, "0")}`;
}
