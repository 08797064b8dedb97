import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, connect, type AddressInfo } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder's objects in S3, with a count of what comes from there. */
export interface CountedS3 extends AsyncDisposable {
  /** What logq needs in its environment, an empty cache included. */
  env(): Record<string, string>;
  /** Since the last call: bytes of answers with their headers, requests by operation; and the most in flight so far. */
  figures(): Promise<{ bytes: number; requests: Record<string, number>; inFlightMost: number }>;
}

/** Serves the files below `folder` in another process, through a proxy that counts. */
export async function serveCounted(folder: string): Promise<CountedS3> {
  const program = new URL("s3-process.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, ["--max-old-space-size=4096", program, folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [first] = (await once(child.stdout, "data")) as [Buffer];
  const endpoint = new URL(first.toString().trim());
  let bytes = 0;
  const proxy = createServer((socket) => {
    const upstream = connect(Number(endpoint.port), endpoint.hostname);
    upstream.on("data", (chunk: Buffer) => (bytes += chunk.length));
    socket.pipe(upstream).pipe(socket);
    for (const end of [socket, upstream]) end.on("error", () => [socket, upstream].forEach((each) => each.destroy()));
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const caches: string[] = [];
  let before: Record<string, number> = {};
  return {
    env() {
      const cache = mkdtempSync(join(tmpdir(), "logq-bench-cache-"));
      caches.push(cache);
      return {
        AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
        AWS_ACCESS_KEY_ID: "bench",
        AWS_SECRET_ACCESS_KEY: "bench",
        AWS_REGION: "us-east-1",
        AWS_EC2_METADATA_DISABLED: "true",
        LOGQ_CACHE_DIR: cache,
      };
    },
    async figures() {
      const answer = await fetch(new URL("/_control/stats", endpoint));
      const stats = (await answer.json()) as { requests: Record<string, number>; inFlightMost: number };
      const entries = Object.entries(stats.requests).map(
        ([name, count]) => [name, count - (before[name] ?? 0)] as const,
      );
      const found = { bytes, requests: Object.fromEntries(entries.filter(([, count]) => count > 0)) };
      before = stats.requests;
      bytes = 0;
      return { ...found, inFlightMost: stats.inFlightMost };
    },
    async [Symbol.asyncDispose]() {
      for (const cache of caches) rmSync(cache, { recursive: true, force: true });
      proxy.close();
      child.kill();
      await once(child, "exit");
    },
  };
}
