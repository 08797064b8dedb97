import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { NodeAction } from "./action.ts";
import { Container } from "./container.ts";
import { Expectation, type Extent } from "./expectation.ts";

/**
 * How the agent has an inode now: by a link, which outlives it, by a descriptor, which does not, or not at all. Then
 * nobody can tell whether it has seen the file.
 */
export type Grip = "linked" | "held" | null;

interface NodeOptions {
  /** Gets `var/log/containers` and `var/log/pods`. */
  readonly root: string;
  readonly nowMs: () => number;
  readonly gripOf: (inode: number) => Grip;
}

const PODS_MIN = 1;
const PODS_MAX = 8;

/** A node whose containers write logs: does actions to real files, and knows what must arrive of them. */
export class LogNode {
  readonly expectation = new Expectation();
  readonly #options: NodeOptions;
  readonly #containers: Container[] = [];
  /** Extents of files without a name that the agent holds by a descriptor alone. */
  readonly #held = new Set<Extent>();
  #created = 0;
  #clutter = 0;

  constructor(options: NodeOptions) {
    this.#options = options;
    mkdirSync(join(options.root, "var/log/containers"), { recursive: true });
    mkdirSync(join(options.root, "var/log/pods"), { recursive: true });
  }

  /** Does one action. Any action can be done at any time: one that makes no sense does nothing. Returns the pod's name. */
  perform(action: NodeAction): string | null {
    if (action.do === "create") return this.#containers.length < PODS_MAX ? this.#create(action.lines) : null;
    if (action.do === "clutter") {
      this.#addClutter(action.what);
      return null;
    }
    if (this.#containers.length < PODS_MIN) this.#create(0);
    const at = action.pod % this.#containers.length;
    const container = this.#containers[at]!;
    if (action.do === "delete") {
      container.delete();
      this.#containers.splice(at, 1);
    } else performOn(container, action);
    return container.pod;
  }

  /** Log files that have a name, plain ones. */
  get files(): number {
    return this.#containers.reduce((sum, container) => sum + container.files, 0);
  }

  /** The agent's process ended: what it held by a descriptor alone is gone. */
  agentEnded(): void {
    for (const extent of this.#held) extent.sure = false;
    this.#held.clear();
  }

  /** Completes every record that was begun and lets every live container write, so that all there is must arrive. */
  complete(): void {
    for (const container of this.#containers) container.complete();
  }

  /** Deletes every pod. */
  deleteAll(): void {
    for (const container of this.#containers.splice(0)) container.delete();
  }

  close(): void {
    for (const container of this.#containers.splice(0)) container.close();
  }

  #create(lines: number): string {
    const { root, nowMs, gripOf } = this.#options;
    const container = new Container(
      {
        root,
        nowMs,
        expectation: this.expectation,
        removed: (extent) => {
          extent.nameless = true;
          const grip = gripOf(extent.inode);
          if (grip === null) extent.sure = false;
          if (grip === "held") this.#held.add(extent);
        },
        unlisted: (extent) => {
          if (gripOf(extent.inode) === null) extent.sure = false;
        },
      },
      this.#created++,
    );
    this.#containers.push(container);
    container.write(0, lines);
    return container.pod;
  }

  /** Names that match the agent's pattern and lead to no log. */
  #addClutter(what: "dangling" | "directory" | "loop"): void {
    const path = join(this.#options.root, "var/log/containers", `clutter-${this.#clutter++}.log`);
    if (what === "directory") mkdirSync(path);
    else symlinkSync(what === "loop" ? path : `${path}.gone`, path);
  }
}

function performOn(container: Container, action: Exclude<NodeAction, { do: "create" | "clutter" | "delete" }>): void {
  if (action.do === "write") container.write(action.stream, action.lines);
  else if (action.do === "partial") container.writePartial(action.stream);
  else if (action.do === "trace") container.writeTrace(action.stream, action);
  else if (action.do === "tear") container.tear(action.stream);
  else if (action.do === "rotate") for (let i = 0; i < action.times; i++) container.rotate(action.lines);
  else if (action.do === "failRotation") container.failRotation(action.lines);
  else if (action.do === "writeLate") container.writeLate(action.lines);
  else if (action.do === "gzip") container.gzip();
  else if (action.do === "truncate") {
    container.truncate(action.copies);
    container.write(0, action.lines);
  } else {
    container.restart(action.swaps);
    container.write(0, action.lines);
  }
}
