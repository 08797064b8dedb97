import { byId, el } from "./dom.ts";
import * as geometry from "./geometry.ts";
import { parseRow, type Field } from "./row.ts";
import { cellOf, columnWidths, fillCell, headOf } from "./cells.ts";

const ROW_PX = 22;
const HEAD_PX = 26;
const OVERSCAN_PX = 160;
/** From so many new rows in sight on, those out of sight wait for the next frame. */
const LATE_ROWS = 10;

/** What the list shows: rows by their number, oldest or newest first, in columns. */
interface ListSource {
  readonly count: number;
  /** The NDJSON of a row. */
  line(row: number): string;
}

interface ListOptions {
  readonly columns: readonly string[];
  readonly order: "newest" | "oldest";
  readonly zone: string;
}

export interface RowList {
  /** Shows other rows from the top, or the same in other columns (`keep`). */
  show(source: ListSource, options: ListOptions, keep?: boolean): void;
  /** Rows were added. */
  grow(): void;
  /** Moves the active row by so many; from nowhere to the first in sight. */
  move(rows: number): void;
  /** Opens or closes a row; the active one if none is named. */
  toggle(row?: number): void;
  /** The active row's fields. */
  active(): Field[] | null;
  fields(row: number): Field[];
}

interface Parts {
  /** What an open row shows below its line. */
  readonly detail: (fields: Field[], row: number) => HTMLElement;
  /** The pointer is over a value. */
  readonly onHover: (cell: HTMLElement, field: Field | null, column: string) => void;
  readonly onDropColumn: (column: string) => void;
}

/**
 * A list of any length: only what is in sight has elements, which are used again as the list is scrolled, and only what has
 * elements is read.
 */
export function createRowList({ detail, onHover, onDropColumn }: Parts): RowList {
  const view = byId("list");
  const head = el("div", { class: "list-head", role: "row" });
  const space = el("div", { class: "list-space", role: "presentation" });
  view.append(head, space);
  let source: ListSource = { count: 0, line: () => "{}" };
  let options: ListOptions = { columns: [], order: "newest", zone: "UTC" };
  let shownCount = 0;
  let activeRow = -1;
  let isPlanned = false;
  /** Extra height of open rows, by row. */
  const open = new Map<number, number>();
  const elements = new Map<number, HTMLElement>();
  const spare: HTMLElement[] = [];
  const cache = new Map<number, Field[]>();
  const resized = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const row = Number((target as HTMLElement).dataset["row"]);
      const extraPx = (target as HTMLElement).offsetHeight;
      if (open.has(row) && extraPx > 0) open.set(row, extraPx);
    }
    plan();
  });

  const placeInList = (row: number): number => (options.order === "newest" ? shownCount - 1 - row : row);
  const shape = (): geometry.Geometry => ({
    rows: shownCount,
    rowPx: ROW_PX,
    open: [...open].map(([row, extraPx]) => ({ row: placeInList(row), extraPx })).toSorted((a, b) => a.row - b.row),
  });
  const viewPx = (): number => Math.max(0, view.clientHeight - HEAD_PX);

  function fields(row: number): Field[] {
    let read = cache.get(row);
    if (read !== undefined) return read;
    try {
      read = parseRow(source.line(row));
    } catch (error) {
      read = [{ name: "log", kind: "string", text: (error as Error).message }];
    }
    if (cache.size > 400) cache.clear();
    cache.set(row, read);
    return read;
  }

  function plan(): void {
    if (isPlanned) return;
    isPlanned = true;
    requestAnimationFrame(() => {
      isPlanned = false;
      draw();
    });
  }

  function draw(): void {
    const at = shape();
    // Asked before anything is changed: afterwards the answer would take a layout of its own.
    const { scrollTop } = view;
    const place = geometry.placeOf(scrollTop, viewPx(), at);
    const wanted = wantedRows(place, at);
    space.style.height = `${geometry.scrollHeightOf(at)}px`;
    view.setAttribute("aria-rowcount", String(shownCount + 1));
    const kept = new Set(wanted);
    const free: HTMLElement[] = [];
    for (const element of [...space.children] as HTMLElement[]) {
      const row = Number(element.dataset["row"]);
      if (kept.has(row)) continue;
      elements.delete(row);
      // One that is open has another height.
      if (open.has(row)) retire(element);
      else free.push(element);
    }
    let before: HTMLElement | null = null;
    for (const row of wanted) {
      const element: HTMLElement = elements.get(row) ?? make(row, free.shift(), before);
      const i = placeInList(row);
      element.style.transform = `translateY(${Math.round(geometry.topOf(i, at) - place + scrollTop)}px)`;
      element.setAttribute("aria-rowindex", String(i + 2));
      element.classList.toggle("odd", i % 2 === 1);
      element.classList.toggle("active", row === activeRow);
      before = element;
    }
    for (const element of free) retire(element);
    view.setAttribute("aria-activedescendant", activeRow >= 0 ? `row-${activeRow}` : "");
  }

  /**
   * The rows in sight and some above and below, in the list's order. Where much is new, those out of sight come a frame later:
   * half the work at once.
   */
  function wantedRows(place: number, at: geometry.Geometry): number[] {
    if (shownCount === 0) return [];
    const between = (fromPx: number, toPx: number): number[] => {
      const [from, to] = [geometry.rowAt(fromPx, at), geometry.rowAt(toPx, at)];
      return Array.from({ length: to - from + 1 }, (_, i) => placeInList(from + i));
    };
    const seen = new Set(between(place, place + viewPx()));
    const around = between(place - OVERSCAN_PX, place + viewPx() + OVERSCAN_PX);
    if ([...seen].filter((row) => !elements.has(row)).length <= LATE_ROWS) return around;
    plan();
    return around.filter((row) => seen.has(row) || elements.has(row));
  }

  function retire(element: HTMLElement): void {
    const opened = element.querySelector(".detail");
    if (opened !== null) resized.unobserve(opened);
    opened?.remove();
    element.remove();
    if (spare.length < 100) spare.push(element);
  }

  /**
   * The element of a row behind that of the row above, so that what is selected is copied in the list's order: `used`, which stands
   * in the list, and mostly there already (what is moved is laid out as if it were new), or one apart.
   */
  function make(row: number, used: HTMLElement | undefined, above: HTMLElement | null): HTMLElement {
    const element = used ?? spare.pop() ?? el("div", { class: "row", role: "row" });
    element.id = `row-${row}`;
    element.dataset["row"] = String(row);
    const read = fields(row);
    fill(element, read);
    element.classList.toggle(
      "match",
      read.some(({ name, text }) => name === "match" && text === "true"),
    );
    element.classList.toggle("open", open.has(row));
    element.setAttribute("aria-expanded", String(open.has(row)));
    if (open.has(row)) {
      const opened = detail(read, row);
      opened.classList.add("detail");
      opened.dataset["row"] = String(row);
      element.append(opened);
      resized.observe(opened);
    }
    elements.set(row, element);
    const next = above === null ? space.firstElementChild : above.nextElementSibling;
    if (next !== element) space.insertBefore(element, next);
    if (open.has(row)) open.set(row, element.offsetHeight - ROW_PX);
    return element;
  }

  function fill(element: HTMLElement, read: Field[]): void {
    const { columns, zone } = options;
    const cells = element.firstElementChild;
    if (cells === null) {
      element.append(el("div", { class: "cells" }, ...columns.map((column) => cellOf(read, column, zone))));
    } else
      for (const [i, cell] of [...cells.children].entries()) fillCell(cell as HTMLElement, read, columns[i]!, zone);
  }

  function redraw(): void {
    for (const element of elements.values()) retire(element);
    elements.clear();
    // Those have the columns of before.
    spare.length = 0;
    draw();
  }

  function toggle(row = activeRow): void {
    if (row < 0 || row >= shownCount) return;
    if (!open.delete(row)) open.set(row, 0);
    activeRow = row;
    const element = elements.get(row);
    if (element !== undefined) {
      elements.delete(row);
      retire(element);
    }
    draw();
    // Its height is known now: those below go where they belong.
    draw();
    reveal(row);
  }

  function reveal(row: number): void {
    const at = shape();
    const place = geometry.placeOf(view.scrollTop, viewPx(), at);
    const top = geometry.topOf(placeInList(row), at);
    const bottom = top + ROW_PX;
    if (top < place) view.scrollTop = geometry.scrollOf(top, viewPx(), at);
    else if (bottom > place + viewPx()) view.scrollTop = geometry.scrollOf(bottom - viewPx(), viewPx(), at);
    draw();
  }

  view.addEventListener("scroll", plan, { passive: true });
  new ResizeObserver(plan).observe(view);
  space.addEventListener("click", (event) => {
    const target = event.target as HTMLElement;
    const row = target.closest<HTMLElement>(".row");
    if (row === null || target.closest(".detail") !== null || getSelection()?.isCollapsed === false) return;
    toggle(Number(row.dataset["row"]));
  });
  space.addEventListener("pointerover", (event) => {
    const cell = (event.target as HTMLElement).closest<HTMLElement>(".cell");
    const row = cell?.closest<HTMLElement>(".row");
    if (cell === null || row === null || row === undefined) return;
    const column = cell.dataset["column"]!;
    onHover(cell, fields(Number(row.dataset["row"])).find(({ name }) => name === column) ?? null, column);
  });

  return {
    show(next, nextOptions, keep = false) {
      source = next;
      options = nextOptions;
      shownCount = next.count;
      cache.clear();
      if (!keep) {
        open.clear();
        activeRow = -1;
        view.scrollTop = 0;
        view.scrollLeft = 0;
      }
      const sample = Array.from({ length: Math.min(shownCount, 100) }, (_, i) => fields(i));
      view.style.setProperty("--columns", columnWidths(options.columns, sample));
      head.replaceChildren(...headOf(options, onDropColumn));
      redraw();
    },
    grow() {
      const added = source.count - shownCount;
      if (added <= 0) return;
      const wasTop = view.scrollTop < ROW_PX;
      if (shownCount < 100) {
        const sample = Array.from({ length: Math.min(source.count, 100) }, (_, i) => fields(i));
        view.style.setProperty("--columns", columnWidths(options.columns, sample));
      }
      const before = shape();
      const place = geometry.placeOf(view.scrollTop, viewPx(), before);
      shownCount = source.count;
      // What is being read stays where it is.
      if (options.order === "newest" && !wasTop) {
        const at = shape();
        space.style.height = `${geometry.scrollHeightOf(at)}px`;
        view.scrollTop = geometry.scrollOf(place + added * ROW_PX, viewPx(), at);
      }
      plan();
    },
    move(rows) {
      if (shownCount === 0) return;
      const at = shape();
      const top = geometry.rowAt(geometry.placeOf(view.scrollTop, viewPx(), at), at);
      const from = activeRow < 0 ? top - Math.sign(rows) : placeInList(activeRow);
      const to = Math.max(0, Math.min(shownCount - 1, from + rows));
      activeRow = placeInList(to);
      reveal(activeRow);
    },
    toggle,
    active: () => (activeRow < 0 ? null : fields(activeRow)),
    fields,
  };
}
