import { recordOfClass } from "../log-record.ts";
import { rowClass, type LogRecord, type Origin, type Template } from "../record.ts";
import type { BatchFilter } from "./filter.ts";
import type { Rows } from "./rows.ts";

/** Another record in place of one; null: it stays as it is; "drop": it is left out. */
export type Change = (record: LogRecord) => LogRecord | "drop" | null;

/**
 * A filter that makes another record of each. `readsMessage`: what it makes depends on the text `log`; else the records that
 * are the same but for that are changed as one, where they keep it: they stay bytes.
 */
export function changingRecords(change: Change, readsMessage = true): BatchFilter {
  return readsMessage ? { apply: (rows) => changeEach(rows, change) } : changingAlike(change);
}

function changingAlike(change: Change): BatchFilter {
  const outcomes = createOutcomes(change);
  return {
    apply(rows) {
      const templates: (Template | null)[] = Array.from({ length: CLASSES }, () => null);
      let hasOthers = false;
      for (let row = 0; row < rows.count; row++) {
        if (!rows.keeps(row)) continue;
        const outcome = rows.isAlike(row) ? outcomes(rows, row) : EACH;
        if (outcome === EACH) hasOthers = true;
        else if (outcome === "drop") rows.drop(row);
        else if (outcome !== null) templates[rowClass(rows.batch, row)] = outcome;
      }
      // These first: they are what they are without the new templates.
      if (hasOthers) changeEach(rows, change, (row) => !rows.isAlike(row) || outcomes(rows, row) === EACH);
      if (hasOthers && leavesMerging(rows, templates)) changeEach(rows, change, (row) => rows.isAlike(row));
      else rows.setTemplates(templates);
    },
  };
}

/** Whether JSON is to be merged still from the message of a row that a template would stand for: it stays as it was written. */
function leavesMerging(rows: Rows, templates: readonly (Template | null)[]): boolean {
  for (let row = 0; row < rows.count; row++) {
    if (!rows.keeps(row) || templates[rowClass(rows.batch, row)] === null || rows.isAlike(row)) continue;
    if (!rows.changed(row) && rows.fields(row) === null) return true;
  }
  return false;
}

function changeEach(rows: Rows, change: Change, isMeant: (row: number) => boolean = () => true): void {
  for (let row = 0; row < rows.count; row++) {
    if (!rows.keeps(row) || !isMeant(row)) continue;
    const changed = change(rows.record(row));
    if (changed === "drop") rows.drop(row);
    else if (changed !== null) rows.setRecord(row, changed);
  }
}

/** Streams, and whether a row goes on in the next. */
const CLASSES = 6;
/** Stands for a text of which nothing is known. */
const MESSAGE = Symbol("log");
/** The records of a class are to be changed one by one. */
const EACH = Symbol("each");

type Outcome = Template | "drop" | typeof EACH | null;

/** What becomes of the rows that are alike with this one, found out once for those of a file. */
function createOutcomes(change: Change): (rows: Rows, row: number) => Outcome {
  const known: { from: Origin | Template; outcome: Outcome }[] = [];
  return (rows, row) => {
    const index = rowClass(rows.batch, row);
    const from = rows.template(row) ?? rows.origin;
    let found = known[index];
    if (found?.from !== from) {
      const template = rows.template(row);
      const before = template === null ? recordOfClass(rows.origin, index, MESSAGE) : { ...template, log: MESSAGE };
      found = known[index] = { from, outcome: outcomeOf(before, change) };
    }
    return found.outcome;
  };
}

function outcomeOf(before: LogRecord, change: Change): Outcome {
  const after = before["log"] === MESSAGE ? change(before) : EACH;
  if (typeof after !== "object" || after === null) return after;
  const places = Object.keys(after).filter((name) => after[name] === MESSAGE);
  return places.length === 1 && places[0] === "log" ? Object.freeze({ ...after, log: "" }) : EACH;
}
