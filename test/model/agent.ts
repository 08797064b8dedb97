import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openPipeline, type Pipeline, type PipelineContext } from "../../agent/pipeline.ts";
import type { Logger } from "../../agent/telemetry/log.ts";
import { Telemetry } from "../../agent/telemetry/telemetry.ts";
import { loadConfig } from "../../config/load.ts";
import type { Grip } from "./node.ts";
import { MULTILINE, OWN_PARSER } from "./traces.ts";

export const OUTPUTS = ["one", "two"] as const;
export type OutputName = (typeof OUTPUTS)[number];

export interface ModelAgentOptions {
  /** Holds `node/`, and gets `state/` and a store for each output. */
  readonly folder: string;
  readonly links: boolean;
  readonly log: Logger;
}

/** Of one shipment, raw. */
const SMALL_BYTES = 3000;

const NEVER = new AbortController().signal;
const NEVER_OVER = new Promise<void>(() => undefined);

/** The agent's pipeline without its loop: a test decides what is done next. Two outputs into two folders. */
export class ModelAgent {
  /** Descriptors that a reload handed over and nobody took, at most. */
  #leftHeld = 0;
  #pipeline: Pipeline;
  readonly #context: PipelineContext;

  private constructor(pipeline: Pipeline, context: PipelineContext) {
    this.#pipeline = pipeline;
    this.#context = context;
  }

  /** Writes the configuration and opens the state, as a start of the agent does. */
  static async start({ folder, links, log }: ModelAgentOptions): Promise<ModelAgent> {
    const configPath = join(folder, "agent.yaml");
    writeFileSync(configPath, configText(folder, links));
    mkdirSync(join(folder, "state/outputs"), { recursive: true });
    const { config: loaded } = loadConfig(configPath, {});
    // Smaller than a user may set it: the second output needs several shipments for what the first takes at once.
    const [one, two] = loaded.outputs;
    const config = { ...loaded, outputs: [one!, { ...two!, totalFileSizeBytes: SMALL_BYTES }] };
    const telemetry = new Telemetry(log, config.service.health);
    const services = { log, telemetry, probe: () => undefined, exit: () => undefined, held: new Map() };
    const context = { life: "0123456789abcdef0123", isNewLife: true, once: false, ...services };
    return new ModelAgent(await openPipeline(config, context), context);
  }

  /** SIGHUP: the pipeline is closed and opened again, descriptors of held files are handed over. */
  async reload(): Promise<void> {
    await this.#pipeline.close(NEVER_OVER);
    const { config } = this.#pipeline;
    const open = async () => await openPipeline(config, this.#context);
    // As agent.ts does: what can't be opened gives way to the last configuration, here the same one.
    this.#pipeline = await open().catch(open);
    this.#leftHeld = Math.max(this.#leftHeld, this.#context.held.size);
  }

  async discover(): Promise<void> {
    for (const tail of this.#pipeline.tails) await tail.discover(performance.now());
  }

  async poll(all: boolean): Promise<void> {
    for (const tail of this.#pipeline.tails) await tail.poll(performance.now(), all);
  }

  /** One shipment of one output, after the one that an earlier life left; whether there is more. */
  async ship(output: OutputName): Promise<boolean> {
    const index = OUTPUTS.indexOf(output);
    await this.#pipeline.recoveries[index]!.run(NEVER);
    return (await this.#pipeline.shippers[index]!.ship(Date.now(), NEVER)).more;
  }

  async release(): Promise<void> {
    await this.#pipeline.release();
  }

  gripOf(inode: number): Grip {
    for (const file of this.#pipeline.tails.flatMap((tail) => [...tail.files.values()])) {
      if (file.record.inode === inode && file.record.givenUp === undefined)
        return file.record.linked ? "linked" : "held";
    }
    return null;
  }

  /** What does not add up in the agent's own accounts, and what a reload forgot. */
  errors(): string[] {
    const wrong = this.#context.telemetry.ledger.accounts().filter(({ errorBytes }) => errorBytes !== 0);
    const left = this.#leftHeld === 0 ? [] : [`a reload left ${this.#leftHeld} descriptors behind`];
    return [
      ...left,
      ...wrong.map(({ output, errorBytes }) => `the accounts of ${output} differ by ${errorBytes} bytes`),
    ];
  }

  async close(): Promise<void> {
    await this.#pipeline.close(NEVER_OVER);
    for (const handle of this.#context.held.values()) await handle.close();
    this.#context.held.clear();
  }
}

function configText(folder: string, links: boolean): string {
  return `
service:
  storage.path: ${folder}/state
  hostname: node-a
pipeline:
  inputs:
    - name: tail
      path: ${folder}/node/var/log/containers/*.log
      multiline.parser: ${MULTILINE}
      links: ${links ? "on" : "off"}
  outputs:
${OUTPUTS.map(
  (name) => `
    - name: directory
      alias: ${name}
      match: "*"
      path: ${folder}/${name}
      format: json_lines
      compression: none
`,
).join("")}${OWN_PARSER}`;
}
