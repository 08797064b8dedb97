import { answer, type Session } from "./ask.ts";
import { barsOf, spanOf, stepFor, type Count } from "./bars.ts";
import { byId, el } from "./dom.ts";
import { createHistogram } from "./histogram.ts";
import { kindOf, tableOf } from "./rewrite.ts";
import { parseRow, textOf, type Field } from "./row.ts";
import { histArgs, type PageState } from "./state.ts";
import { stepText } from "../../hist/steps.ts";

const BARS_MAX = 60;

export interface BarsView {
  /** Counts anew if the question is another one, or if that is wanted; hides where there is nothing to count. */
  show(state: PageState, isForced: boolean): void;
}

/** The bars above the rows: those of the same question, asked by `logq hist`. */
export function createBarsView(session: Session, onZoom: (fromMs: number, toMs: number) => void): BarsView {
  const histogram = createHistogram(onZoom);
  let asked = "";
  let abort = new AbortController();

  async function count(state: PageState): Promise<void> {
    const span = spanOf(state.window, Date.now());
    const stepMs = span === null ? null : stepFor(span, BARS_MAX);
    const length = stepMs === null ? ["--buckets", String(BARS_MAX)] : ["--interval", stepText(stepMs)];
    abort.abort();
    const { signal } = (abort = new AbortController());
    histogram.busy(true);
    try {
      const { rows, notices } = await answer(histArgs(state, length), signal);
      const bars = barsOf(rows.map(parseRow).map(countOf), session.levels, span, stepMs);
      if (bars === null) histogram.say("No rows in this window.");
      else histogram.show(bars, state.zone, tableOf(state.query).names.has("level") ? "no level" : "rows");
      if (session.athena) byId("hist").append(el("p", { class: "dim" }, notices.join(" · ")));
    } catch (error) {
      // Its mistake is the rows' mistake too, and said there with its caret.
      if (!signal.aborted) histogram.say(`No bars: ${(error as Error).message.split("\n")[0]!.replace(/^logq: /, "")}`);
    } finally {
      if (!signal.aborted) histogram.busy(false);
    }
  }

  return {
    show(state, isForced) {
      const canCount = !state.follow && kindOf(state.query) !== "table";
      byId("hist").hidden = !canCount;
      const question = JSON.stringify(histArgs(state, []));
      if (!canCount || (!isForced && question === asked)) return;
      asked = question;
      abort.abort();
      // They are a query of their own, and Athena bills each.
      if (session.athena) histogram.offer("Count rows over time: one more query on Athena", () => void count(state));
      else void count(state);
    },
  };
}

function countOf(fields: readonly Field[]): Count {
  return { ms: Date.parse(textOf(fields, "ts")!), by: textOf(fields, "level"), n: Number(textOf(fields, "n")) };
}
