import { join } from "node:path";
import type { AgentConfig } from "../config/config.ts";
import { tagMatcher } from "./filter/match.ts";
import type { Tail } from "./input/tail/tail.ts";
import { openTails } from "./inputs.ts";
import { createOutput } from "./output/create.ts";
import type { Probe } from "./probe.ts";
import { Pump } from "./pump.ts";
import { resolveInterrupted } from "./recovery.ts";
import { Shipper } from "./shipper.ts";
import { createSource } from "./source.ts";
import { openPositions, type Positions } from "./state/positions.ts";
import type { Ledger } from "./telemetry/ledger.ts";
import type { Logger } from "./telemetry/log.ts";

/** What one configuration comes to: its inputs and outputs, connected. Disposed: nothing of it is open or under way. */
export interface Pipeline extends AsyncDisposable {
  readonly config: AgentConfig;
  readonly tails: readonly Tail[];
  readonly shippers: readonly Shipper[];
  /** One for each shipper. */
  readonly pumps: readonly Pump[];
  /** Gives up the files that are gone and committed by every output. */
  release(): Promise<void>;
}

interface PipelineContext {
  /** Identity of the state folder, 80 bits in hex. */
  readonly life: string;
  readonly once: boolean;
  readonly log: Logger;
  /** Outlives the pipeline: a reload goes on with its totals. */
  readonly ledger: Ledger;
  readonly signal: AbortSignal;
  readonly probe: Probe;
}

/** Opens the inputs and outputs of a configuration, and finishes what an earlier life left half done. */
export async function openPipeline(config: AgentConfig, context: PipelineContext): Promise<Pipeline> {
  const { log, ledger, probe } = context;
  const tails = await openTails(config, ledger, log);
  const shippers: Shipper[] = [];
  const pumps: Pump[] = [];
  const opened: Positions[] = [];
  const pipeline: Pipeline = {
    config,
    tails,
    shippers,
    pumps,
    release: async () => await release(pipeline, probe),
    [Symbol.asyncDispose]: async () => {
      for (const pump of pumps) await pump.idle();
      for (const shipper of shippers) ledger.detach(shipper.outputId);
      for (const positions of opened) await positions.close();
      for (const tail of tails) await tail.close();
    },
  };
  try {
    await resolveInterrupted(config, { ...context, tails });
    for (const outputConfig of config.outputs) {
      const { cluster, node, storagePath } = config.service;
      const output = createOutput(outputConfig, { cluster, node, life: context.life }, probe);
      await output.clean();
      const positions = await openPositions(journalPath(storagePath, output.id));
      opened.push(positions);
      const source = createSource(tails, tagMatcher(outputConfig.match));
      ledger.attach(output.id, { chains: () => source.chains(), cursors: positions.cursors });
      const bytesMax = outputConfig.totalFileSizeBytes;
      const shipper = new Shipper({ output, positions, source, log, ledger, probe, bytesMax, once: context.once });
      shippers.push(shipper);
      pumps.push(new Pump(shipper, outputConfig, log));
    }
    return pipeline;
  } catch (error) {
    await pipeline[Symbol.asyncDispose]();
    throw error;
  }
}

async function release({ tails, shippers }: Pipeline, probe: Probe): Promise<void> {
  for (const tail of tails) {
    const ended = await tail.release((chain, file) => shippers.every((shipper) => shipper.isDone(chain, file)));
    for (const chainId of ended) for (const shipper of shippers) shipper.forget(chainId);
    if (ended.length > 0) probe("buried");
  }
}

function journalPath(storagePath: string, id: string): string {
  return join(storagePath, "outputs", `${encodeURIComponent(id)}.journal`);
}
