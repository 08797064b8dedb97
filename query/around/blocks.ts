/** Puts matches and what stands around them in the order in which they are read. */
import { ADDED_COLUMNS } from "./around-query.ts";
import type { Row } from "../render/renderer.ts";

export interface Line {
  readonly row: Row;
  readonly isMatch: boolean;
}

interface Placed extends Line {
  readonly chain: string;
  readonly number: bigint;
  /** Place in `keys`; Infinity for a row that is no match. */
  readonly at: number;
}

/**
 * Rows of the second query (with ADDED_COLUMNS at their end) as blocks: the records of one container that follow each
 * other without a gap. Blocks stand in the order of their first match in `keys`.
 */
export function blocksOf(rows: readonly Row[], keys: readonly string[]): Line[][] {
  const rank = new Map(keys.map((key, i) => [key, i]));
  const placed = rows.map((row): Placed => {
    const [chain, number, key, isMatch] = row.slice(-ADDED_COLUMNS.length);
    const at = isMatch === true ? (rank.get(String(key)) ?? Infinity) : Infinity;
    return {
      row: row.slice(0, -ADDED_COLUMNS.length),
      isMatch: isMatch === true,
      chain: String(chain),
      number: number as bigint,
      at,
    };
  });
  placed.sort((a, b) => (a.chain === b.chain ? Number(a.number - b.number) : a.chain < b.chain ? -1 : 1));
  const blocks: Placed[][] = [];
  for (const line of placed) {
    const last = blocks.at(-1)?.at(-1);
    if (last !== undefined && last.chain === line.chain && last.number + 1n === line.number) blocks.at(-1)!.push(line);
    else blocks.push([line]);
  }
  const firstMatch = (block: readonly Placed[]): number =>
    block.reduce((least, { at }) => Math.min(least, at), Infinity);
  return blocks
    .map((block) => ({ block, at: firstMatch(block) }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ block }) => block);
}
