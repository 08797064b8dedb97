/** The page of `logq ui`: it shows what `logq` says, and asks it for nothing that a command line could not. */
import { session as readSession, type Session } from "./ask.ts";
import { createBarsView, type BarsView } from "./bars-view.ts";
import { showTools } from "./cell-tools.ts";
import { copyCommand, copyText, showEstimate } from "./command.ts";
import { conditionOf, type Wanted } from "./condition.ts";
import { showContext } from "./context.ts";
import { listenToCopies } from "./copy-rows.ts";
import { createControls, type Controls } from "./controls.ts";
import { detailOf, type DetailActions } from "./detail.ts";
import { byId } from "./dom.ts";
import { hideEmpty, showEmpty } from "./empty.ts";
import { createFieldsPanel, type FieldsPanel } from "./fields.ts";
import { firstState } from "./first-state.ts";
import { listenToKeys } from "./keys.ts";
import { createRowList, type RowList } from "./list.ts";
import { hasPlace } from "./place.ts";
import { createResults, showError, type Results } from "./results.ts";
import { comesByTime, conditionName, kindOf, withCondition } from "./rewrite.ts";
import type { Field } from "./row.ts";
import { columnsOf, withColumn } from "./shown-columns.ts";
import { readState, rowArgs, writeState, type PageState } from "./state.ts";
import { listenToTheme } from "./theme.ts";
import { createTimePanel, windowText, type TimePanel } from "./time-panel.ts";

/** The parts of the page, and what it shows: whoever changes that calls `go`. */
interface Page {
  readonly session: Session;
  /** What is shown before anybody chose anything. */
  readonly first: PageState;
  state: PageState;
  /** The question that the rows answer. */
  askedRows: string;
  readonly list: RowList;
  readonly results: Results;
  readonly bars: BarsView;
  readonly time: TimePanel;
  readonly fields: FieldsPanel;
  readonly controls: Controls;
}

listenToTheme();
listenToCopies();
try {
  start(await readSession());
} catch (error) {
  showError((error as Error).message);
}

function start(session: Session): void {
  const page = createPage(session);
  const { state, first } = page;
  byId("where").textContent = [session.context, session.store, session.engine]
    .filter((part) => part !== null)
    .join(" · ");
  listenToButtons(page);
  addEventListener("popstate", () => {
    page.state = readState(location.hash, first);
    apply(page, false);
  });
  if (location.hash !== "" || !session.athena) return apply(page, false);
  // Each query on Athena costs money: the first one is asked by a person.
  page.controls.show(state);
  page.time.show(state.window, state.zone);
  page.fields.show(session, state, []);
  byId("status").textContent = "Write a query and press Enter: Athena bills what is read.";
}

function createPage(session: Session): Page {
  const first = firstState(session.args, session.zone);
  const page: Page = {
    session,
    first,
    state: readState(location.hash, first),
    askedRows: "",
    list: createRowList({
      detail: (fields) => detailOf(fields, detailActions(page, fields)),
      onHover: (cell, value, column) =>
        showTools(cell, value, conditionName(page.state.query, column), (...chosen) => filter(page, ...chosen)),
      onDropColumn: (column) => toggleColumn(page, column),
    }),
    results: createResults({
      onStart: () => showStart(page),
      onFirst: () => showFirst(page),
      onMore: () => page.list.grow(),
      onEnd: () => showEnd(page),
      onEmpty: (notices) => showEmpty(notices, page.state, (change) => go(page, change, true)),
    }),
    bars: createBarsView(session, (fromMs, toMs) => {
      go(page, { window: { kind: "range", from: instant(fromMs), to: instant(toMs) }, follow: false });
    }),
    time: createTimePanel((window) => go(page, { window, query: page.controls.query() }, true)),
    fields: createFieldsPanel({
      onOpen: (values) => go(page, { values }),
      onCondition: (condition) => addCondition(page, condition),
      onColumn: (column) => toggleColumn(page, column),
    }),
    controls: createControls({
      levels: session.levels,
      zones: [...new Set(["UTC", session.zone, Intl.DateTimeFormat().resolvedOptions().timeZone])],
      onChange: (change) => go(page, change),
      onRun: (query) => go(page, { query, columns: sameShape(query, page.state) ? page.state.columns : null }, true),
    }),
  };
  return page;
}

/** Shows another state, and makes it one that the browser's buttons come back to. */
function go(page: Page, change: Partial<PageState>, isForced = false): void {
  page.state = { ...page.state, ...change };
  const fragment = `#${writeState(page.state, page.first)}`;
  if (fragment !== location.hash) history.pushState(null, "", fragment);
  apply(page, isForced);
}

/** Asks what has not been asked yet, or all of it again (`isForced`). */
function apply(page: Page, isForced: boolean): void {
  const { state, session } = page;
  const query = state.query === "" ? "all rows" : state.query.slice(0, 60);
  document.title = `${query} · ${windowText(state.window, state.zone)} · logq`;
  page.controls.show(state);
  byId("order").hidden = !comesByTime(state.query);
  page.time.show(state.window, state.zone);
  const rows = JSON.stringify(rowArgs(state));
  if (isForced || rows !== page.askedRows) {
    page.askedRows = rows;
    page.results.start(state);
  } else showList(page, true);
  page.bars.show(state, isForced);
  page.fields.show(session, state, shownColumns(page));
}

function shownColumns({ results, state }: Page): readonly string[] {
  return columnsOf(results.columns, state.columns);
}

function showList(page: Page, isKept: boolean): void {
  const { state, results } = page;
  // What a query orders itself stays in its order.
  const order = comesByTime(state.query) ? state.order : "oldest";
  page.list.show(results.store, { columns: shownColumns(page), order, zone: state.zone }, isKept);
  page.fields.show(page.session, state, shownColumns(page));
}

function showStart(page: Page): void {
  hideEmpty();
  byId("run").hidden = true;
  byId("stop").hidden = false;
  byId("pause").hidden = !page.state.follow;
  byId("pause").textContent = "Pause";
  page.list.show(page.results.store, { columns: [], order: "oldest", zone: page.state.zone });
}

function showFirst(page: Page): void {
  showList(page, false);
  page.fields.sample(sampled(page));
}

function showEnd(page: Page): void {
  byId("run").hidden = false;
  byId("stop").hidden = true;
  byId("pause").hidden = true;
  page.fields.sample(sampled(page));
}

/** Some rows of all parts of the result: they tell which fields messages have. */
function sampled({ results, list }: Page): Field[][] {
  const { count } = results.store;
  const size = Math.min(count, 60);
  return Array.from({ length: size }, (_, i) => list.fields(Math.floor((i * count) / size)));
}

function filter(page: Page, name: string, value: Field, wanted: Wanted): void {
  const condition = conditionOf(name, value, wanted);
  if (condition === null) showError(`SQL has no way to write this value of ${name}`);
  else addCondition(page, condition);
}

function addCondition(page: Page, condition: string): void {
  const query = withCondition(page.controls.query(), condition);
  if (query !== null) return go(page, { query });
  showError(`this query takes no condition by a click; write it yourself:\n  and ${condition}`);
}

function toggleColumn(page: Page, column: string): void {
  const columns = shownColumns(page);
  const isShown = columns.includes(column);
  go(page, { columns: isShown ? columns.filter((name) => name !== column) : withColumn(columns, column) });
}

function openContext({ state }: Page, fields: readonly Field[]): void {
  showContext(fields, state.zone, (args) => void copyCommand(args));
}

function detailActions(page: Page, fields: readonly Field[]): DetailActions {
  return {
    nameOf: (column) => conditionName(page.state.query, column),
    onFilter: (name, value, wanted) => filter(page, name, value, wanted),
    onColumn: (column) => toggleColumn(page, column),
    onContext: hasPlace(fields) ? (row) => openContext(page, row) : null,
    onCopy: (text, what) => void copyText(text, what),
    isColumn: (name) => shownColumns(page).includes(name),
  };
}

function listenToButtons(page: Page): void {
  const { results, list } = page;
  const copy = (): void => void copyCommand(rowArgs(page.state));
  const toggleLive = (): void => go(page, { follow: !page.state.follow, query: page.controls.query() }, true);
  const pause = byId("pause");
  byId("stop").addEventListener("click", () => results.stop());
  pause.addEventListener("click", () => {
    const isPaused = pause.textContent === "Pause";
    pause.textContent = isPaused ? "Go on" : "Pause";
    results.pause(isPaused);
  });
  byId("live").addEventListener("click", toggleLive);
  byId("copy").addEventListener("click", copy);
  byId("fields-button").addEventListener("click", (event) => {
    const isShown = byId("fields").classList.toggle("shown");
    (event.currentTarget as HTMLElement).setAttribute("aria-expanded", String(isShown));
  });
  byId("estimate").hidden = !page.session.athena;
  byId("estimate").addEventListener("click", () => {
    void showEstimate(rowArgs({ ...page.state, query: page.controls.query(), follow: false }));
  });
  listenToKeys({
    move: (rows) => list.move(rows),
    toggle: () => list.toggle(),
    context() {
      const active = list.active();
      if (active !== null && hasPlace(active)) openContext(page, active);
    },
    copy,
    live: toggleLive,
    run: () => go(page, { query: page.controls.query() }, true),
    time: () => page.time.open(),
  });
}

/** Chosen columns stay while rows are asked for; another table has others. */
function sameShape(query: string, { query: before }: PageState): boolean {
  return kindOf(query) === "rows" && kindOf(before) === "rows";
}

function instant(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}
