import { LOGS } from "../config/tables/logs.ts";
import { diagnose } from "./diagnose.ts";
import type { Engine } from "./engine/engine.ts";
import { scanText, windowText } from "./footer.ts";
import type { Asked } from "./predicates.ts";
import type { PreparedQuery, Surroundings } from "./prepare.ts";
import { createProbe } from "./probe.ts";

/**
 * Why a query over logs found nothing, for stderr: with a command that finds something, where the store can be looked
 * into. Athena is asked nothing more, for each question costs. Never rejects.
 */
export async function noRowsNotice(
  asked: Asked,
  { scan, context, choice, statement }: PreparedQuery,
  at: Surroundings,
  engine: Engine,
): Promise<string> {
  try {
    const lines = await explain();
    return ["no rows", ...lines.map((line) => `  ${line}`)].join("\n");
  } catch (error) {
    // The query itself has been answered: what fails here is help.
    return `no rows (and no explanation: ${(error as Error).message})`;
  }

  async function explain(): Promise<string[]> {
    if (scan === null) return [];
    if (scan.store !== null && !scan.store.readsWhole && choice.engine === "local") {
      const { store } = scan;
      const probe = createProbe(asked.options, { clusters: context.clusters, store }, at, engine);
      return await diagnose(asked, scan, probe, statement.table ?? LOGS);
    }
    const { range } = scan.window;
    const isAll = range.from === null && range.to === null;
    const looked = `looked at ${scanText(scan)}; window: ${windowText(range, asked.options.zone)} (${asked.options.zone})`;
    return [looked, isAll ? "the condition leaves out all there is" : "try a longer window: --since 24h"];
  }
}
