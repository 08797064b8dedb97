import type { Origin } from "../record.ts";
import { addCounts, type BatchFilter, type FilterCounts, type RecordFilter } from "./filter.ts";
import { Rows, sumOf, type Part } from "./rows.ts";
import { Scratch } from "./scratch.ts";

/** How often a record may get another tag: where rules send it round in a circle it stays under the last. */
const RETAGS_MAX = 16;

/** The filters of one output, in the order of the configuration. */
export interface FilterChain {
  /** Of their configuration, in journals. */
  readonly name: string;
  /** Whether records of a file with this tag can reach the output. */
  reaches(tag: string): boolean;
  /** For one shipment: filters start anew with each. */
  begin(): ShipmentFilters;
}

export interface ShipmentFilters {
  /** What is left of a batch for the output, valid until the next call; null: it goes on as it is. Costs nothing for a file that no filter is for. */
  apply(part: Part): readonly Part[] | null;
  /** What each filter did to that batch, by its name. */
  readonly counts: ReadonlyMap<string, FilterCounts>;
}

/** The chain of an output that takes the tags which `matchesOutput` says. */
export function createFilterChain(
  filters: readonly RecordFilter[],
  matchesOutput: (tag: string) => boolean,
  name: string,
): FilterChain {
  return {
    name,
    reaches: (tag) => matchesOutput(tag) || filters.some((filter) => filter.retags === true && filter.matches(tag)),
    begin: () => createShipmentFilters(filters, matchesOutput),
  };
}

interface Step {
  readonly filter: RecordFilter;
  readonly batchFilter: BatchFilter;
}

interface Work {
  readonly part: Part;
  readonly retags: number;
  /** It has been there; the records that it gave another tag pass it by. */
  readonly passed: RecordFilter | null;
}

function createShipmentFilters(
  filters: readonly RecordFilter[],
  matchesOutput: (tag: string) => boolean,
): ShipmentFilters {
  const shipment = {};
  const stepsOf = new Map<Origin, readonly Step[]>();
  const counts = new Map<string, FilterCounts>();
  const scratch = new Scratch();

  function open(origin: Origin): readonly Step[] {
    let steps = stepsOf.get(origin);
    if (steps === undefined) {
      steps = filters.flatMap((filter) => {
        const batchFilter = filter.matches(origin.tag) ? filter.open(origin, shipment) : null;
        return batchFilter === null ? [] : [{ filter, batchFilter }];
      });
      stepsOf.set(origin, steps);
    }
    return steps;
  }

  function run({ part, retags, passed }: Work, todo: Work[]): Part[] {
    const rows = new Rows(part, scratch);
    for (const { filter, batchFilter } of open(part.batch.origin)) {
      const retag = filter.retags === true;
      if (filter === passed || (retag && retags >= RETAGS_MAX)) continue;
      const before = rows.kept;
      const bytesBefore = rows.kept === rows.count ? null : rows.keptBytes();
      batchFilter.apply(rows);
      const dropped = before - rows.kept;
      const droppedBytes = dropped === 0 ? 0 : (bytesBefore ?? sumOf(rows.rawBytes)) - rows.keptBytes();
      addCounts(counts, filter.name, { records: before, dropped, droppedBytes, changed: rows.takeChanged() });
      if (retag)
        todo.push(...rows.takeRetagged().map((moved) => ({ part: moved, retags: retags + 1, passed: filter })));
      if (rows.kept === 0) return [];
    }
    return matchesOutput(rows.tag) ? rows.parts() : [];
  }

  return {
    counts,
    apply(part) {
      counts.clear();
      const { origin } = part.batch;
      if (open(origin).length === 0 && matchesOutput(origin.tag)) return null;
      scratch.reset();
      const left: Part[] = [];
      const todo: Work[] = [{ part, retags: 0, passed: null }];
      for (let work = todo.shift(); work !== undefined; work = todo.shift()) left.push(...run(work, todo));
      return left;
    },
  };
}
