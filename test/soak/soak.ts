import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as fc from "fast-check";
import { createRandom, type Random } from "../../bench/generate/random.ts";
import { nodeActions, type NodeAction } from "../model/action.ts";
import { LogNode } from "../model/node.ts";
import { makeSoakBed, type SoakBed } from "./bed.ts";
import { lossesOf } from "./losses.ts";
import { filesIn, residenceOf, type Residence, type ResidentSample } from "./leaks.ts";

export interface SoakOptions {
  /** Must not exist yet. */
  readonly folder: string;
  readonly minutes: number;
  readonly seed: number;
  readonly links: boolean;
  readonly megabytesPerSecond: number;
  readonly say: (text: string) => void;
}

export interface SoakReport {
  readonly seed: number;
  readonly links: boolean;
  readonly minutes: number;
  readonly records: number;
  /** Records that may be missing: their file was truncated, or deleted before the agent can be known to have it. */
  readonly unsureRecords: number;
  /** Rows by store. */
  readonly rows: Readonly<Record<string, number>>;
  readonly checkpoints: number;
  readonly agentStarts: number;
  /** Requests to S3 that went wrong, by fault. */
  readonly s3Faults: Readonly<Record<string, number>>;
  /** What was done, and how often. */
  readonly actions: Readonly<Record<string, number>>;
  /** Bytes that the agent said to be lost, by output, and those of truncated files, read or not. */
  readonly lostBytes: Readonly<Record<string, number>>;
  readonly truncatedBytes: number;
  readonly rssFirstQuarterMB: number | null;
  readonly rssLastQuarterMB: number | null;
  readonly resident: Residence | null;
  readonly violations: readonly string[];
}

const TICK_MS = 100;
const CHECKPOINT_MS = 60_000;
/** A shipment that failed is tried again within 30 s. */
const CHECK_PATIENCE_MS = 60_000;
const GRACE_MS = 6000;
const START_MS = 2000;
const PODS = 6;
/** Not done, done but the answer is lost, or slow. */
const S3_FAULTS = [
  ...(["slow-down", "internal-error", "reset-before", "hang-before", "conflict", "error-in-200", "forbidden"] as const),
  ...(["reset-after", "reset-after", "error-after", "hang-after", "slow-answer", "latency", "expired-token"] as const),
];
const JUMPS_MS = [-3_600_000, -600_000, -20_000, 20_000, 600_000, 3_600_000];

/** Lets the built agent and a node's logs meet everything at random, and checks each minute that nothing is lost, repeated or changed. */
export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const soak = new Soak(options, await makeSoakBed(options.folder, options.links));
  try {
    return await soak.run();
  } finally {
    await soak.close();
  }
}

class Soak {
  readonly #options: SoakOptions;
  readonly #random: Random;
  readonly #bed: SoakBed;
  readonly #node: LogNode;
  readonly #nodeActions: Iterator<NodeAction>;
  readonly #counts: Record<string, number> = {};
  readonly #resident: ResidentSample[] = [];
  readonly #startedAtMs = performance.now();
  readonly #rows: Record<string, number> = {};
  readonly #violations: string[] = [];
  #checkpoints = 0;
  /** When what is under way ends, in milliseconds of the run. */
  #downUntilMs = 0;
  #fullUntilMs = 0;
  #nextTroubleMs = 0;

  constructor(options: SoakOptions, bed: SoakBed) {
    const { folder, seed } = options;
    this.#options = options;
    this.#random = createRandom(seed);
    this.#bed = bed;
    const { nowMs, gripOf } = bed;
    this.#node = new LogNode({ root: join(folder, "node"), nowMs, gripOf });
    this.#nodeActions = randomActions(seed);
  }

  async run(): Promise<SoakReport> {
    for (let pod = 0; pod < PODS; pod++) this.#perform({ do: "create", lines: 1 });
    this.#bed.agent.start();
    while (this.#at < 1 && this.#isFine) {
      const untilMs = Math.min(this.#elapsedMs + CHECKPOINT_MS, this.#lengthMs);
      while (this.#elapsedMs < untilMs && this.#isFine) await this.#tick();
      await this.#checkpoint();
    }
    if (this.#isFine) await this.#deleteAll();
    if (this.#isFine) await this.#bed.agent.end("SIGTERM", GRACE_MS);
    return this.#report();
  }

  async close(): Promise<void> {
    await this.#bed.agent.end("SIGKILL", GRACE_MS);
    this.#node.close();
    await this.#bed.close(!this.#isFine);
  }

  get #elapsedMs(): number {
    return performance.now() - this.#startedAtMs;
  }

  get #lengthMs(): number {
    return this.#options.minutes * 60_000;
  }

  /** Part of the run that is over. */
  get #at(): number {
    return this.#elapsedMs / this.#lengthMs;
  }

  get #isFine(): boolean {
    return this.#violations.length + this.#bed.agent.violations.length === 0;
  }

  async #tick(): Promise<void> {
    await sleep(TICK_MS);
    const isDiskFull = this.#fullUntilMs > 0;
    if (isDiskFull && this.#elapsedMs >= this.#fullUntilMs) this.#emptyDisks();
    if (this.#bed.agent.pid === null) this.#node.agentEnded();
    if (this.#bed.agent.pid === null && this.#elapsedMs >= this.#downUntilMs) this.#bed.agent.start();
    // A record has 330 bytes; some pods write much more than others.
    const lines = Math.round((this.#options.megabytesPerSecond * 1e6 * TICK_MS) / 1000 / 330);
    const pod = Math.min(this.#random.int(PODS), this.#random.int(PODS));
    this.#perform({ do: "write", pod, stream: this.#random.int(4) === 0 ? 1 : 0, lines }, false);
    if (this.#random.int(6) === 0) this.#perform(this.#nodeActions.next().value as NodeAction);
    if (this.#elapsedMs >= this.#nextTroubleMs) await this.#trouble();
    if (this.#random.int(10) === 0) this.#sample();
  }

  /** Something happens to the agent. In the first and the last quarter it is not ended, so that its memory can be compared. */
  async #trouble(): Promise<void> {
    this.#nextTroubleMs = this.#elapsedMs + 500 + this.#random.int(8000);
    const mayEnd = this.#at >= 0.25 && this.#at < 0.75;
    const kind = this.#random.int(mayEnd ? 14 : 7);
    if (kind >= 4 && kind <= 6) this.#s3Fault();
    else if (kind === 0) this.#jump(this.#random.pick(JUMPS_MS));
    else if (kind === 1) this.#reload();
    else if (kind <= 3) this.#fillDisks(this.#random.int(8000));
    else if (kind <= 11) await this.#end("SIGKILL");
    else await this.#end("SIGTERM");
  }

  #jump(ms: number): void {
    this.#note("jump", { ms });
    this.#bed.jump(ms);
  }

  #reload(): void {
    // Before the agent has said that it hears the signal, it would end it.
    if (this.#bed.agent.pid === null || this.#bed.agent.ageMs < START_MS) return;
    this.#note("SIGHUP", {});
    this.#bed.agent.signal("SIGHUP");
  }

  #s3Fault(): void {
    const fault = this.#random.pick(S3_FAULTS);
    const times = this.#random.pick([1, 1, 1, 3, 10]);
    this.#note("s3Fault", { fault, times });
    this.#bed.s3Fault(fault, times);
  }

  #fillDisks(ms: number): void {
    if (this.#bed.disks.length === 0 || this.#fullUntilMs > 0) return;
    this.#note("diskFull", { ms });
    for (const disk of this.#bed.disks) disk.fill();
    this.#fullUntilMs = this.#elapsedMs + ms;
  }

  #emptyDisks(): void {
    if (this.#fullUntilMs > 0) for (const disk of this.#bed.disks) disk.empty();
    this.#fullUntilMs = 0;
  }

  async #end(name: "SIGKILL" | "SIGTERM"): Promise<void> {
    // At once, soon, or long enough for rotations to go by.
    const downMs = this.#random.pick([0, 200, 2000, 15_000]);
    this.#note(name, { downMs });
    // Without its state on a disk a start may fail, and should.
    this.#emptyDisks();
    await this.#bed.agent.end(name, GRACE_MS);
    this.#node.agentEnded();
    this.#downUntilMs = this.#elapsedMs + downMs;
    // Now and then it is killed again while it recovers.
    if (this.#random.int(3) === 0) this.#nextTroubleMs = this.#downUntilMs + this.#random.int(1500);
  }

  /** All is completed and quiet: everything that must have arrived is there before long, and nothing else is. */
  async #checkpoint(): Promise<void> {
    this.#emptyDisks();
    this.#bed.s3Heals();
    this.#bed.agent.start();
    this.#node.complete();
    this.#note("checkpoint", {});
    // A deleted file is gone a minute after it was missed: the clock makes it short.
    for (const ms of [0, 15_000, 65_000]) {
      this.#bed.skip(ms);
      await sleep(2000);
    }
    const deadlineMs = this.#elapsedMs + CHECK_PATIENCE_MS;
    let found = await this.#compare();
    while (found.length > 0 && this.#elapsedMs < deadlineMs && this.#isFine) {
      await sleep(3000);
      found = await this.#compare();
    }
    this.#violations.push(...found);
    this.#checkpoints++;
    this.#say();
  }

  /** All pods are deleted: what the agent kept for them goes, and nothing that was delivered does. */
  async #deleteAll(): Promise<void> {
    this.#note("deleteAll", {});
    const others = this.#bed.agent.descriptors().total - (this.#options.links ? 0 : this.#node.files);
    this.#node.deleteAll();
    for (let jumps = 0; jumps < 4; jumps++) {
      await sleep(3000);
      this.#bed.skip(65_000);
    }
    await sleep(3000);
    const left = filesIn(this.#bed.state);
    if (left.length > 0) this.#violations.push(`left in the state folder: ${left.slice(0, 5).join(", ")}`);
    const { total, deleted } = this.#bed.agent.descriptors();
    if (deleted.length > 0) this.#violations.push(`open, though deleted: ${deleted.slice(0, 5).join(", ")}`);
    // A connection comes and goes.
    if (total > others + 4) this.#violations.push(`${total} descriptors are open, ${others} were before`);
    this.#violations.push(...(await this.#compare()));
  }

  async #compare(): Promise<string[]> {
    const found: string[] = [];
    for (const { name, read } of this.#bed.stores) {
      const stored = await read();
      this.#rows[name] = stored.rows;
      found.push(...this.#node.expectation.violations(stored).map((text) => `${name}: ${text}`));
    }
    return found;
  }

  #sample(): void {
    const mb = this.#bed.agent.residentMb();
    if (mb !== null) this.#resident.push({ at: this.#at, ageMs: this.#bed.agent.ageMs, mb });
    if (this.#random.int(5) === 0) this.#say();
  }

  #perform(action: NodeAction, notes = true): void {
    const pod = this.#node.perform(action);
    if (notes) this.#note(action.do, { ...action, pod });
  }

  #note(name: string, details: object): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + 1;
    const entry = { atMs: Math.round(this.#elapsedMs), ...details, do: name };
    appendFileSync(join(this.#options.folder, "actions.ndjson"), `${JSON.stringify(entry)}\n`);
  }

  #say(): void {
    const { seed, say } = this.#options;
    const { expectation } = this.#node;
    const mb = this.#bed.agent.residentMb();
    const percent = Math.min(100, Math.round(this.#at * 100));
    say(
      `seed ${seed}: ${percent} %, ${expectation.records} records, ${this.#checkpoints} checks, ` +
        `agent ${mb === null ? "down" : `${mb.toFixed(0)} MB`}, started ${this.#bed.agent.starts} times`,
    );
  }

  #report(): SoakReport {
    const { seed, links, minutes } = this.#options;
    const resident = residenceOf(this.#resident);
    const { truncatedBytes } = this.#node.expectation;
    const losses = lossesOf(join(this.#options.folder, "agent.log"), truncatedBytes);
    const illegal = links ? losses.violations : [];
    const violations = [...this.#violations, ...this.#bed.agent.violations, ...illegal];
    return {
      seed,
      links,
      minutes,
      records: this.#node.expectation.records,
      unsureRecords: this.#node.expectation.unsureRecords,
      rows: this.#rows,
      checkpoints: this.#checkpoints,
      agentStarts: this.#bed.agent.starts,
      s3Faults: this.#bed.s3Heals(),
      actions: this.#counts,
      lostBytes: losses.bytes,
      truncatedBytes,
      rssFirstQuarterMB: resident?.firstMb ?? null,
      rssLastQuarterMB: resident?.lastMb ?? null,
      resident,
      violations,
    };
  }
}

function* randomActions(seed: number): Generator<NodeAction> {
  const arbitrary = fc.oneof(...nodeActions(60));
  for (let batch = 0; ; batch++) yield* fc.sample(arbitrary, { seed: seed * 10_000 + batch, numRuns: 100 });
}
