/** The page of `logq ui`: it shows what `logq` says, and asks it for nothing that a command line could not. */
import { answer, session as readSession, type Session } from "./ask.ts";
import { barsOf, spanOf, stepFor, type Count } from "./bars.ts";
import { copyCommand, copyText } from "./command.ts";
import { conditionOf, type Wanted } from "./condition.ts";
import { showContext } from "./context.ts";
import { createControls } from "./controls.ts";
import { detailOf } from "./detail.ts";
import { byId, el } from "./dom.ts";
import { showEmpty, hideEmpty } from "./empty.ts";
import { createFieldsPanel } from "./fields.ts";
import { firstState } from "./first-state.ts";
import { createHistogram } from "./histogram.ts";
import { listenToKeys } from "./keys.ts";
import { createRowList } from "./list.ts";
import { hasPlace } from "./place.ts";
import { createResults, showError } from "./results.ts";
import { comesByTime, conditionName, kindOf, withCondition } from "./rewrite.ts";
import { parseRow, textOf, type Field } from "./row.ts";
import { columnsOf } from "./shown-columns.ts";
import { histArgs, readState, rowArgs, writeState, type PageState } from "./state.ts";
import { stepText } from "../../hist/steps.ts";
import { listenToTheme } from "./theme.ts";
import { createTimePanel, windowText } from "./time-panel.ts";

const BARS_MAX = 60;

listenToTheme();
try {
  start(await readSession());
} catch (error) {
  showError((error as Error).message);
}

function start(session: Session): void {
  const first = firstState(session.args, session.zone);
  let state = readState(location.hash, first);
  /** The question that the rows answer, and the one that the bars answer. */
  let askedRows = "";
  let askedBars = "";
  let barsAbort = new AbortController();

  const go = (change: Partial<PageState>, isForced = false): void => {
    state = { ...state, ...change };
    const fragment = `#${writeState(state, first)}`;
    if (fragment !== location.hash) history.pushState(null, "", fragment);
    apply(isForced);
  };
  const shownColumns = (): readonly string[] => columnsOf(results.columns, state.columns);
  const shownOrder = (): PageState["order"] => (comesByTime(state.query) ? state.order : "oldest");
  const dropColumn = (column: string): void => {
    const columns = shownColumns();
    go({ columns: columns.includes(column) ? columns.filter((name) => name !== column) : withColumn(columns, column) });
  };
  const addCondition = (condition: string): void => {
    const query = withCondition(controls.query(), condition);
    if (query === null)
      return showError(`this query takes no condition by a click; write it yourself:\n  and ${condition}`);
    go({ query });
  };
  const filter = (name: string, value: Field, wanted: Wanted): void => {
    const condition = conditionOf(name, value, wanted);
    if (condition === null) return showError(`SQL has no way to write this value of ${name}`);
    addCondition(condition);
  };
  const openContext = (fields: readonly Field[]): void =>
    showContext(fields, state.zone, (args) => void copyCommand(args));

  const list = createRowList({
    detail: (fields) =>
      detailOf(fields, {
        nameOf: (column) => conditionName(state.query, column),
        onFilter: filter,
        onColumn: dropColumn,
        onContext: hasPlace(fields) ? openContext : null,
        onCopy: (text, what) => void copyText(text, what),
        isColumn: (name) => shownColumns().includes(name),
      }),
    onHover: (cell, value, column) => showTools(cell, value, conditionName(state.query, column), filter),
    onDropColumn: dropColumn,
  });
  const showList = (isKept: boolean): void => {
    list.show(results.store, { columns: shownColumns(), order: shownOrder(), zone: state.zone }, isKept);
    fields.show(session, state, shownColumns());
  };
  const results = createResults({
    onStart() {
      hideEmpty();
      byId("run").hidden = true;
      byId("stop").hidden = false;
      byId("pause").hidden = !state.follow;
      byId("pause").textContent = "Pause";
      list.show(results.store, { columns: [], order: shownOrder(), zone: state.zone });
    },
    onFirst() {
      showList(false);
      fields.sample(sampled(results.store.count, (row) => list.fields(row)));
    },
    onMore: () => list.grow(),
    onEnd() {
      byId("run").hidden = false;
      byId("stop").hidden = true;
      byId("pause").hidden = true;
      fields.sample(sampled(results.store.count, (row) => list.fields(row)));
    },
    onEmpty: (notices) => showEmpty(notices, state, (change) => go(change, true)),
  });
  const histogram = createHistogram((fromMs, toMs) => {
    go({ window: { kind: "range", from: instant(fromMs), to: instant(toMs) }, follow: false });
  });
  const time = createTimePanel((window) => go({ window, query: controls.query() }, true));
  const fields = createFieldsPanel({
    onOpen: (values) => go({ values }),
    onCondition: addCondition,
    onColumn: dropColumn,
  });
  const controls = createControls({
    levels: session.levels,
    zones: [...new Set(["UTC", session.zone, Intl.DateTimeFormat().resolvedOptions().timeZone])],
    onChange: (change) => go(change),
    onRun: (query) => go({ query, columns: sameShape(query, state.query) ? state.columns : null }, true),
  });

  async function showBars(): Promise<void> {
    const span = spanOf(state.window, Date.now());
    const stepMs = span === null ? null : stepFor(span, BARS_MAX);
    const length = stepMs === null ? ["--buckets", String(BARS_MAX)] : ["--interval", stepText(stepMs)];
    barsAbort.abort();
    const { signal } = (barsAbort = new AbortController());
    histogram.busy(true);
    try {
      const { rows, notices } = await answer(histArgs(state, length), signal);
      const counts = rows.map(parseRow).map(countOf);
      const bars = barsOf(counts, session.levels, span, stepMs);
      if (bars === null) histogram.say("No rows in this window.");
      else histogram.show(bars, state.zone);
      if (session.athena) byId("hist").append(el("p", { class: "dim" }, notices.join(" · ")));
    } catch (error) {
      // Its mistake is the rows' mistake too, and said there with its caret.
      if (!signal.aborted) histogram.say(`No bars: ${(error as Error).message.split("\n")[0]!.replace(/^logq: /, "")}`);
    } finally {
      if (!signal.aborted) histogram.busy(false);
    }
  }

  function apply(isForced: boolean): void {
    document.title = `${state.query === "" ? "all rows" : state.query.slice(0, 60)} · ${windowText(state.window, state.zone)} · logq`;
    controls.show(state);
    byId("order").hidden = !comesByTime(state.query);
    time.show(state.window, state.zone);
    const rows = JSON.stringify(rowArgs(state));
    if (isForced || rows !== askedRows) {
      askedRows = rows;
      results.start(state);
    } else showList(true);
    const bars = JSON.stringify(histArgs(state, []));
    const canCount = !state.follow && kindOf(state.query) !== "table";
    byId("hist").hidden = !canCount;
    if (canCount && (isForced || bars !== askedBars)) {
      askedBars = bars;
      barsAbort.abort();
      // They are a query of their own, and Athena bills each.
      if (session.athena) histogram.offer("Count rows over time: one more query on Athena", () => void showBars());
      else void showBars();
    }
    fields.show(session, state, shownColumns());
  }

  byId("where").textContent = [session.store, session.engine].filter((part) => part !== null).join(" · ");
  byId("stop").addEventListener("click", () => results.stop());
  byId("pause").addEventListener("click", () => {
    const isPaused = byId("pause").textContent === "Pause";
    byId("pause").textContent = isPaused ? "Go on" : "Pause";
    results.pause(isPaused);
  });
  byId("live").addEventListener("click", () => toggleLive());
  byId("copy").addEventListener("click", () => void copyCommand(rowArgs(state)));
  const toggleLive = (): void => {
    if (state.follow && results.isRunning) results.stop();
    go({ follow: !state.follow, query: controls.query() }, true);
  };
  listenToKeys({
    move: (rows) => list.move(rows),
    toggle: () => list.toggle(),
    context() {
      const active = list.active();
      if (active !== null && hasPlace(active)) openContext(active);
    },
    copy: () => void copyCommand(rowArgs(state)),
    live: toggleLive,
    run: () => go({ query: controls.query() }, true),
    time: () => time.open(),
  });
  addEventListener("popstate", () => {
    state = readState(location.hash, first);
    apply(false);
  });
  if (location.hash === "" && session.athena) {
    // Each query on Athena costs money: the first one is asked by a person.
    controls.show(state);
    time.show(state.window, state.zone);
    fields.show(session, state, []);
    byId("status").textContent = "Write a query and press Enter: Athena bills what is read.";
    return;
  }
  apply(false);
}

/** Two buttons on the value under the pointer: only these rows, all but these. */
function showTools(
  cell: HTMLElement,
  value: Field | null,
  name: string | null,
  onFilter: (name: string, value: Field, wanted: Wanted) => void,
): void {
  if (cell.querySelector(".cell-tools") !== null) return;
  document.querySelector(".list .cell-tools")?.remove();
  if (value === null || name === null || ["ts", "ts_ns", "labels", "log", "match"].includes(name)) return;
  // Their signs are the style sheet's: what is copied from a row is the row.
  const button = (wanted: Wanted): HTMLElement =>
    el("button", {
      type: "button",
      class: `tiny ${wanted}`,
      tabindex: -1,
      title: conditionOf(name, value, wanted) ?? "",
      "aria-label": wanted === "with" ? `Only this ${name}` : `Not this ${name}`,
      onclick(event: Event) {
        event.stopPropagation();
        onFilter(name, value, wanted);
      },
    });
  cell.append(el("span", { class: "cell-tools" }, button("with"), button("without")));
}

/** Some rows of all parts of the result: they tell which fields messages have. */
function sampled(count: number, fields: (row: number) => Field[]): Field[][] {
  const size = Math.min(count, 60);
  return Array.from({ length: size }, (_, i) => fields(Math.floor((i * count) / size)));
}

/** A new column goes before the message, which takes the rest of the line. */
function withColumn(columns: readonly string[], column: string): string[] {
  const at = columns.indexOf("log");
  return at < 0 ? [...columns, column] : [...columns.slice(0, at), column, ...columns.slice(at)];
}

/** Chosen columns stay while rows are asked for; another table has others. */
function sameShape(query: string, before: string): boolean {
  return kindOf(query) === "rows" && kindOf(before) === "rows";
}

function countOf(fields: readonly Field[]): Count {
  return { ms: Date.parse(textOf(fields, "ts")!), by: textOf(fields, "level"), n: Number(textOf(fields, "n")) };
}

function instant(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}
