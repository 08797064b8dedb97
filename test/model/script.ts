import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { nodeActions, traceActions, type NodeAction } from "./action.ts";
import { ModelAgent, OUTPUTS, type ModelAgentOptions, type OutputName } from "./agent.ts";
import type { Arrived } from "./expectation.ts";
import { armFault, closeLeft, disarmFault, fault, type FaultCode } from "./faulty-fs.ts";
import { messageOf, nameOf } from "./messages.ts";
import { LogNode } from "./node.ts";
import { recordingLogger, tempFolder } from "../agent/fixture.ts";

/** What the agent does next, and what is done to it. */
type AgentAction =
  | { readonly do: "discover" }
  | { readonly do: "poll"; readonly all: boolean }
  | { readonly do: "ship"; readonly output: OutputName }
  | { readonly do: "release" }
  | { readonly do: "wait"; readonly ms: number }
  /** The wall clock is set anew. */
  | { readonly do: "jump"; readonly ms: number }
  /** SIGTERM and a start. */
  | { readonly do: "startAgain" }
  | { readonly do: "reload" }
  /** kill -9 now; the agent stays down until `startAgain`. */
  | { readonly do: "kill" }
  /** The call of the file system that is `calls` from here fails, or the agent is killed there. */
  | { readonly do: "fault"; readonly code: FaultCode | "kill"; readonly calls: number };

export interface Script {
  readonly links: boolean;
  readonly actions: readonly (NodeAction | AgentAction)[];
}

/** Random scripts of up to `actionsMax` actions, none of which is in `without`. */
export function scripts(actionsMax: number, without: readonly string[] = []): fc.Arbitrary<Script> {
  const output = fc.constantFrom(...OUTPUTS);
  const code = fc.constantFrom("kill", "kill", "kill", "ENOSPC", "EIO", "EROFS", "EMFILE" as const);
  const action = fc.oneof(
    ...nodeActions(12),
    ...traceActions(),
    { weight: 6, arbitrary: fc.record({ do: fc.constant("discover") }) },
    { weight: 8, arbitrary: fc.record({ do: fc.constant("poll"), all: fc.boolean() }) },
    { weight: 10, arbitrary: fc.record({ do: fc.constant("ship"), output }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("release") }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant("wait"), ms: fc.constantFrom(1000, 6000, 11_000, 61_000) }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant("jump"), ms: fc.constantFrom(-7_200_000, -60_000, 3_600_000) }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("startAgain") }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("reload") }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("kill") }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant("fault"), code, calls: fc.integer({ min: 1, max: 60 }) }) },
  );
  return fc.record({
    links: fc.boolean(),
    actions: fc.array(
      action.filter((candidate) => !without.includes("code" in candidate ? candidate.code : candidate.do)),
      { maxLength: actionsMax, size: "max" },
    ),
  });
}

/** Plays a script in a folder of its own, then lets everything come to rest; returns what is wrong with what arrived. */
export async function play(script: Script): Promise<string[]> {
  using folder = tempFolder();
  const game = new Game(script, folder.path);
  try {
    for (const action of script.actions) await game.perform(action);
    return await game.settle();
  } finally {
    disarmFault();
    await game.close();
  }
}

class Game {
  readonly #node: LogNode;
  readonly #options: ModelAgentOptions;
  readonly #wrong: string[] = [];
  #agent: ModelAgent | null = null;
  readonly #clock = new ManualClock();

  constructor(script: Script, folder: string) {
    this.#options = { folder, links: script.links, log: recordingLogger().log };
    this.#node = new LogNode({
      root: join(folder, "node"),
      nowMs: () => Date.now(),
      gripOf: (inode) => this.#agent?.gripOf(inode) ?? (isLinked(folder, inode) ? "linked" : null),
    });
  }

  async perform(action: NodeAction | AgentAction): Promise<void> {
    switch (action.do) {
      case "discover":
        return await this.#do(async (agent) => await agent.discover());
      case "poll":
        return await this.#do(async (agent) => await agent.poll(action.all));
      case "ship":
        return await this.#do(async (agent) => void (await agent.ship(action.output)));
      case "release":
        return await this.#do(async (agent) => await agent.release());
      case "reload":
        return await this.#do(async (agent) => await agent.reload());
      case "wait":
        this.#clock.pass(action.ms);
        return;
      case "jump":
        this.#clock.jump(action.ms);
        return;
      case "startAgain":
        await this.#end();
        return await this.#start();
      case "kill":
        return await this.#end();
      case "fault":
        return armFault(action.code, action.calls);
      default: {
        const { isArmed } = fault;
        fault.isArmed = false;
        this.#node.perform(action);
        fault.isArmed = isArmed;
      }
    }
  }

  /** No more faults: everything that was written becomes complete and is shipped; then all is deleted and released. Returns what is wrong. */
  async settle(): Promise<string[]> {
    disarmFault();
    if (this.#agent === null) await this.#start();
    this.#node.complete();
    await this.#shipAll();
    this.#node.deleteAll();
    // A minute of absence begins when it is seen.
    for (let round = 0; round < 4; round++) {
      await this.#shipAll();
      await this.#agent!.release();
      this.#clock.pass(61_000);
    }
    this.#wrong.push(...this.#agent!.errors());
    await this.#end();
    await this.#start();
    await this.#shipAll();
    const found = OUTPUTS.flatMap((output) =>
      this.#node.expectation
        .violations(readArrived(join(this.#options.folder, output)))
        .map((text) => `output ${output}: ${text}`),
    );
    return [...found, ...this.#wrong, ...this.#leaks()];
  }

  async close(): Promise<void> {
    this.#node.close();
    await this.#agent?.close();
    await closeLeft();
    this.#clock[Symbol.dispose]();
  }

  /** A failure is what the agent's own loop would say and try again; a kill ends it. */
  async #do(step: (agent: ModelAgent) => Promise<void>): Promise<void> {
    if (this.#agent === null) return;
    try {
      await step(this.#agent);
    } catch (error) {
      if (!fault.happened && !String(error).includes("injected")) throw error;
    }
    if (fault.isDead) await this.#end();
  }

  async #start(): Promise<void> {
    try {
      this.#agent = await ModelAgent.start(this.#options);
    } catch (error) {
      if (!fault.happened) throw error;
      // The node starts it once more.
      disarmFault();
      await closeLeft();
      this.#agent = await ModelAgent.start(this.#options);
    }
  }

  async #end(): Promise<void> {
    const isDead = fault.isDead;
    disarmFault();
    await this.#agent?.close();
    const left = await closeLeft();
    if (left > 0 && this.#agent !== null && !isDead) this.#wrong.push(`${left} descriptors were left open`);
    this.#agent = null;
    this.#node.agentEnded();
  }

  async #shipAll(): Promise<void> {
    const agent = this.#agent!;
    for (let look = 0; look < 2; look++) {
      await agent.discover();
      await agent.poll(true);
      this.#clock.pass(6000);
    }
    await agent.poll(true);
    for (const output of OUTPUTS) {
      for (let left = 1000; await agent.ship(output);) {
        left--;
        if (left === 0) throw new Error(`output ${output} ships for ever`);
      }
    }
  }

  /** Every log was shipped and is gone: the agent keeps nothing but tombstones. */
  #leaks(): string[] {
    const left = readdirSync(join(this.#options.folder, "state/files")).filter((name) => !name.endsWith(".gone"));
    return left.map((name) => `left in the state: ${name}`);
  }
}

/** The process's two clocks: they stand still but for what the script says. */
class ManualClock implements Disposable {
  readonly #realWall = Date.now;
  readonly #realMonotonic = performance.now.bind(performance);
  #wallMs = Date.now();
  #monotonicMs = 1e6;

  constructor() {
    Date.now = () => this.#wallMs;
    performance.now = () => this.#monotonicMs;
  }

  pass(ms: number): void {
    this.#wallMs += ms;
    this.#monotonicMs += ms;
  }

  jump(ms: number): void {
    this.#wallMs += ms;
  }

  [Symbol.dispose](): void {
    Date.now = this.#realWall;
    performance.now = this.#realMonotonic;
  }
}

/** Whether a link holds the inode, and durably: its record is there. */
function isLinked(folder: string, inode: number): boolean {
  const files = join(folder, "state/files");
  if (!existsSync(files)) return false;
  const names = readdirSync(files);
  return names.some(
    (name) =>
      name.endsWith(".log") &&
      names.includes(name.replace(/log$/, "json")) &&
      statSync(join(files, name)).ino === inode,
  );
}

function readArrived(store: string): Arrived {
  const seen = new Map<string, Map<number, number>>();
  const odd: string[] = [];
  const objects = existsSync(store) ? readdirSync(store, { recursive: true, encoding: "utf8" }) : [];
  for (const path of objects.filter((name) => name.endsWith(".json") && !name.startsWith("_"))) {
    for (const line of readFileSync(join(store, path), "utf8").split("\n")) {
      if (line === "") continue;
      const { log } = JSON.parse(line) as { log: string };
      const name = nameOf(log);
      if (name === null || log !== messageOf(name.key, name.seq)) odd.push(log);
      else {
        const counts = seen.get(name.key) ?? new Map<number, number>();
        seen.set(name.key, counts.set(name.seq, (counts.get(name.seq) ?? 0) + 1));
      }
    }
  }
  const repeated = [...seen].flatMap(([key, counts]) =>
    [...counts].filter(([, count]) => count > 1).map(([seq, count]) => `${key}#${seq}, ${count} times`),
  );
  return { ranges: new Map([...seen].map(([key, counts]) => [key, rangesOf([...counts.keys()])])), repeated, odd };
}

function rangesOf(seqs: readonly number[]): { from: number; to: number }[] {
  const ranges: { from: number; to: number }[] = [];
  for (const seq of seqs.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last?.to === seq) last.to++;
    else ranges.push({ from: seq, to: seq + 1 });
  }
  return ranges;
}
