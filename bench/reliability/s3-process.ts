import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { FaultKind, FaultRule } from "../../test/servers/s3-faults.ts";
import type { S3Stats } from "../../test/servers/s3-server.ts";
import type { FaultCount } from "./agent-faults.ts";
import type { StoreFault } from "./cells.ts";

/** An S3 server in a process of its own, whose objects are files below `data`. */
export interface S3Process extends AsyncDisposable {
  readonly url: string;
  readonly data: string;
  /** Has the server answer requests in this way now and again, until `signal` is aborted. Counts what hit a request. */
  injectFaults(fault: StoreFault, signal: AbortSignal): Promise<FaultCount>;
  remove(): void;
}

const SERVER = new URL("../../test/servers/s3-server-main.ts", import.meta.url).pathname;
const EVERY_MS = 5000;
/** Requests in a row that go wrong. */
const TIMES = 2;
const KINDS: Readonly<Record<StoreFault, readonly FaultKind[]>> = {
  "503": ["slow-down"],
  timeout: ["hang-before", "hang-after"],
  "reset after stored": ["reset-after"],
  "slow body": ["slow-answer"],
};
/** Between two bytes of a slow answer. */
const SLOW_MS = 50;
/** What only a shipment asks for. */
const OPERATIONS = ["PutObject", "CompleteMultipartUpload", "UploadPart"] as const;

/** Starts the tests' S3 server with its objects in a fresh folder below `parent`. */
export async function startS3(parent: string, name: string): Promise<S3Process> {
  const data = join(parent, `${name}-s3`);
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { recursive: true });
  const child = spawn(process.execPath, [SERVER, "--data", data], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const url = line.toString().trim();
  return {
    url,
    data,
    injectFaults: async (fault, signal) => await injectFaults(url, KINDS[fault], signal),
    remove: () => rmSync(data, { recursive: true, force: true }),
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await Promise.resolve();
    },
  };
}

async function injectFaults(url: string, kinds: readonly FaultKind[], signal: AbortSignal): Promise<FaultCount> {
  for (let round = 0; !signal.aborted; round++) {
    const kind = kinds[round % kinds.length]!;
    // What was not applied yet is enough: the agent waits longer and longer.
    await clearRules(url);
    for (const operation of OPERATIONS) await addRule(url, { kind, operation, times: TIMES, delayMs: SLOW_MS });
    await sleep(EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
  await clearRules(url);
  const stats = (await (await fetch(`${url}/_control/stats`)).json()) as S3Stats;
  const applied = kinds.reduce((sum, kind) => sum + (stats.faults[kind] ?? 0), 0);
  return { actions: applied, inFlight: applied };
}

async function clearRules(url: string): Promise<void> {
  await fetch(`${url}/_control/faults`, { method: "DELETE" });
}

async function addRule(url: string, rule: FaultRule): Promise<void> {
  await fetch(`${url}/_control/faults`, { method: "POST", body: JSON.stringify(rule) });
}
