import { CUT_OFF, readNote, run, stopRun, type Note } from "./ask.ts";
import { announce, byId, el } from "./dom.ts";
import { createRowStore, type RowStore } from "./row-store.ts";
import { rowArgs, type PageState } from "./state.ts";

/** A page that holds more would be ended by the browser. */
const BYTES_MAX = 1024 ** 3;
const REFRESH_MS = 120;
/** Once the list is longer than any screen, who waits looks at the number. */
const REFRESH_LONG_MS = 1000;
const ROWS_LONG = 2000;
/** While nothing comes, the seconds go on. */
const TICK_MS = 500;
/** The server answers a stop at once. */
const STOP_WAIT_MS = 3000;

/** The rows of the question that was asked last, as far as they have come. */
export interface Results {
  readonly store: RowStore;
  /** Names of the result's columns; null until the server said them. */
  readonly columns: readonly string[] | null;
  readonly isRunning: boolean;
  start(state: PageState): void;
  /** As Ctrl-C does; asked again, without waiting for what is said of it. */
  stop(): void;
  /** Following goes on, but rows that come are not shown until `pause(false)`. */
  pause(isPaused: boolean): void;
}

interface Parts {
  /** Another question: nothing is there yet. */
  readonly onStart: () => void;
  /** The first rows are there. */
  readonly onFirst: () => void;
  readonly onMore: () => void;
  readonly onEnd: () => void;
  /** The result is whole, and has no rows. */
  readonly onEmpty: (notices: readonly string[]) => void;
}

export function createResults({ onStart, onFirst, onMore, onEnd, onEmpty }: Parts): Results {
  let store = createRowStore();
  let columns: readonly string[] | null = null;
  let abort: AbortController | null = null;
  let isPaused = false;
  let isFollowing = false;
  let shownCount = 0;
  let startMs = 0;
  let lastRefreshMs = 0;
  /** Shows what came too soon after the last refresh: nothing else may come for long. */
  let later: ReturnType<typeof setTimeout> | undefined;
  let ticks: ReturnType<typeof setInterval> | undefined;
  /** The run's name; null until the server has begun it. */
  let name: string | null = null;
  let isStopping = false;
  let notices: string[] = [];

  function refresh(isForced = false): void {
    const nowMs = performance.now();
    const waitMs = lastRefreshMs + (store.count < ROWS_LONG ? REFRESH_MS : REFRESH_LONG_MS) - nowMs;
    if (!isForced && waitMs > 0) {
      later ??= setTimeout(() => refresh(true), waitMs);
      return;
    }
    clearTimeout(later);
    later = undefined;
    lastRefreshMs = nowMs;
    if (!isPaused && store.count > shownCount) {
      if (shownCount === 0) onFirst();
      else onMore();
      shownCount = store.count;
    }
    sayStatus();
  }

  function sayStatus(end?: string): void {
    byId("status").textContent = `${rowsText(store.count)} · ${end ?? runningText()}`;
  }

  function runningText(): string {
    if (isStopping) return "stopping …";
    if (isPaused) return `paused, ${(store.count - shownCount).toLocaleString("en")} new`;
    if (isFollowing) return "live: new rows come as they are uploaded";
    return `reading … ${((performance.now() - startMs) / 1000).toFixed(1)} s`;
  }

  function showNotices(): void {
    byId("notices").replaceChildren(...notices.map((text) => el("span", {}, text)));
  }

  async function ask(state: PageState, own: AbortController): Promise<void> {
    let end: Ended | null = null;
    let failure: string | null = null;
    const onNote = (line: string): void => {
      const note = readNote(line);
      if (note?.kind === "columns") ({ columns } = note);
      else if (note?.kind === "notice") notices = [...notices.slice(-4), note.text];
      else if (note?.kind === "error") failure = note.text;
      else if (note?.kind === "end" || note?.kind === "stopped") end = note;
      if (note?.kind === "notice") showNotices();
    };
    const mine = store;
    try {
      await run(
        rowArgs(state),
        (chunk) => {
          mine.append(chunk, onNote);
          if (mine.bytes > BYTES_MAX) own.abort(new Error("the page holds no more than 1 GB of rows: ask for fewer"));
          if (abort === own) refresh();
        },
        own.signal,
        (given) => {
          if (abort === own) name = given;
        },
      );
      if (end === null && failure === null) failure = CUT_OFF;
    } catch (error) {
      const reason: unknown = own.signal.aborted ? own.signal.reason : error;
      if (reason instanceof Error && reason.name !== "AbortError") failure = reason.message;
    }
    if (abort !== own) return;
    abort = null;
    finish(end, failure);
  }

  function finish(end: Ended | null, failure: string | null): void {
    clearInterval(ticks);
    isStopping = false;
    refresh(true);
    byId("progress").hidden = true;
    showError(failure);
    // The command line's own summary says more: window, objects, engine.
    const summary = notices.find((text) => text.startsWith(`${rowsText(store.count)} · `));
    notices = notices.filter((text) => text !== summary);
    const isWhole = end?.kind === "end";
    const says = isWhole ? msText(end.ms) : failure === null ? "stopped" : "failed";
    if (summary === undefined) sayStatus(says);
    else byId("status").textContent = summary;
    announce(failure ?? byId("status").textContent);
    if (isWhole && store.count === 0) onEmpty(notices);
    if (isWhole && store.count === 0) notices = [];
    showNotices();
    onEnd();
  }

  return {
    get store() {
      return store;
    },
    get columns() {
      return columns;
    },
    get isRunning() {
      return abort !== null;
    },
    start(state) {
      abort?.abort();
      abort = new AbortController();
      clearTimeout(later);
      later = undefined;
      clearInterval(ticks);
      ticks = setInterval(() => sayStatus(), TICK_MS);
      name = null;
      isStopping = false;
      store = createRowStore();
      columns = null;
      notices = [];
      shownCount = 0;
      isPaused = false;
      isFollowing = state.follow;
      startMs = performance.now();
      byId("progress").hidden = false;
      showError(null);
      showNotices();
      sayStatus();
      onStart();
      void ask(state, abort);
    },
    stop() {
      if (abort === null) return;
      const own = abort;
      if (name === null || isStopping) return own.abort();
      isStopping = true;
      sayStatus();
      // Where other pages hold all of the browser's connections, going away has to do.
      const patience = AbortSignal.any([own.signal, AbortSignal.timeout(STOP_WAIT_MS)]);
      stopRun(name, patience).catch(() => own.abort());
    },
    pause(next) {
      isPaused = next;
      if (isFollowing && abort !== null) refresh(true);
    },
  };
}

/** The last line of a response: whole, or stopped. */
type Ended = Extract<Note, { kind: "end" | "stopped" }>;

/** Shows what the command line says of a mistake, carets and all. */
export function showError(text: string | null): void {
  const box = byId("query-error");
  box.hidden = text === null;
  box.textContent = text ?? "";
}

function rowsText(count: number): string {
  return `${count.toLocaleString("en")} ${count === 1 ? "row" : "rows"}`;
}

function msText(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}
