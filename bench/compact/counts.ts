import { spawn } from "node:child_process";
import { once } from "node:events";
import { LOGQ } from "./compact-run.ts";

export interface Counted {
  readonly counts: number;
  readonly wrong: readonly number[];
  readonly slowestMs: number;
}

/** Counts the rows of a store by the built logq, again and again. */
export function countInALoop(root: string, rows: number): { stop(): Promise<Counted> } {
  const wrong: number[] = [];
  let counts = 0;
  let slowestMs = 0;
  const stopping = new AbortController();
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      const startMs = performance.now();
      const found = await countRows(root);
      slowestMs = Math.max(slowestMs, performance.now() - startMs);
      counts++;
      if (found !== rows) wrong.push(found);
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await loop;
      return { counts, wrong, slowestMs };
    },
  };
}

export async function countRows(root: string): Promise<number> {
  const args = ["--store", root, "-o", "tsv", "-q", "select count(*) as n"];
  const env = { ...process.env, XDG_CONFIG_HOME: root };
  const child = spawn(LOGQ, args, { stdio: ["ignore", "pipe", "inherit"], env });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  await once(child, "close");
  const found = /^\d+$/m.exec(output);
  if (child.exitCode !== 0 || found === null) throw new Error(`count rows by logq: it ended with ${child.exitCode}`);
  return Number(found[0]);
}
