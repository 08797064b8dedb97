import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { S3Figures } from "./s3-process.ts";

/** A folder's objects in S3, with a count of what comes from there. */
export interface CountedS3 extends AsyncDisposable {
  /** What logq needs in its environment, an empty cache included. */
  env(): Record<string, string>;
  /** Since the last call; `inFlightMost` since the start. */
  figures(): Promise<S3Figures>;
}

/** Serves the files below `folder` in another process, each answer after a while. */
export async function serveCounted(folder: string, latencyMs: number): Promise<CountedS3> {
  const program = new URL("s3-process.ts", import.meta.url);
  const child = fork(program, [folder, String(latencyMs)], { execArgv: ["--max-old-space-size=4096"] });
  const [endpoint] = (await once(child, "message")) as [string];
  const caches: string[] = [];
  let before: S3Figures = { requests: {}, inFlightMost: 0, bytes: 0, cpuMs: 0 };
  return {
    env() {
      const cache = mkdtempSync(join(tmpdir(), "logq-bench-cache-"));
      caches.push(cache);
      return {
        AWS_ENDPOINT_URL_S3: endpoint,
        AWS_ACCESS_KEY_ID: "bench",
        AWS_SECRET_ACCESS_KEY: "bench",
        AWS_REGION: "us-east-1",
        AWS_EC2_METADATA_DISABLED: "true",
        LOGQ_CACHE_DIR: cache,
      };
    },
    async figures() {
      child.send("figures");
      const [now] = (await once(child, "message")) as [S3Figures];
      const { requests, bytes, cpuMs } = before;
      before = now;
      const counts = Object.entries(now.requests).map(
        ([name, count]) => [name, count - (requests[name] ?? 0)] as const,
      );
      return {
        requests: Object.fromEntries(counts.filter(([, count]) => count > 0)),
        inFlightMost: now.inFlightMost,
        bytes: now.bytes - bytes,
        cpuMs: now.cpuMs - cpuMs,
      };
    },
    async [Symbol.asyncDispose]() {
      for (const cache of caches) rmSync(cache, { recursive: true, force: true });
      child.kill();
      await once(child, "exit");
    },
  };
}
