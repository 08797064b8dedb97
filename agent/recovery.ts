import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { AgentConfig } from "../config/config.ts";
import type { Tail } from "./input/tail/tail.ts";
import { createRecordedOutput } from "./output/create.ts";
import type { Probe } from "./probe.ts";
import { Shipper } from "./shipper.ts";
import { createSource } from "./source.ts";
import { openPositions } from "./state/positions.ts";
import type { Ledger } from "./telemetry/ledger.ts";
import type { Logger } from "./telemetry/log.ts";

/** Finishes what a crash left between journal and commit, for every journal, whether its output is still configured or not. */
export async function resolveInterrupted(
  config: AgentConfig,
  context: { life: string; tails: readonly Tail[]; log: Logger; ledger: Ledger; probe: Probe; signal: AbortSignal },
): Promise<void> {
  const { life, tails, log, ledger, probe, signal } = context;
  const folder = join(config.service.storagePath, "outputs");
  const names = await readdir(folder);
  for (const name of names.filter((candidate) => candidate.endsWith(".journal"))) {
    const positions = await openPositions(join(folder, name));
    try {
      if (positions.unresolved === null) continue;
      const output = createRecordedOutput(positions.unresolved.output, life, probe);
      await output.clean();
      const source = createSource(tails, () => true);
      await new Shipper({ output, positions, source, log, ledger, probe, bytesMax: 0, once: false }).recover(signal);
    } finally {
      await positions.close();
    }
  }
}
