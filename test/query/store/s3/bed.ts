/** A bucket with objects of a store, on our own server, and the store over it. */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openS3Store } from "../../../../query/store/s3/store.ts";
import type { Store } from "../../../../query/store/store.ts";
import { startS3Server, type S3Server, type S3ServerOptions } from "../../../servers/s3-server.ts";

/** Credentials and nothing of the machine's: the SDK would look for both. */
Object.assign(process.env, {
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  AWS_EC2_METADATA_DISABLED: "true",
  AWS_CONFIG_FILE: "/dev/null",
  AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
});

export interface S3Bed extends AsyncDisposable {
  readonly server: S3Server;
  readonly location: string;
  /** What the stores told the user. */
  readonly notices: string[];
  /** For the cache, and for whatever a test needs. */
  readonly folder: string;
  /** A store as a new process would open it, over the same cache. */
  open(env?: Readonly<Record<string, string>>): Store;
  put(key: string, body: Buffer): void;
  /** All files below a local store, as objects. */
  putDirectory(path: string): void;
  /** How often each operation was asked since the last call. */
  requests(): Record<string, number>;
}

export const NEVER = new AbortController().signal;

export async function openBed(options: S3ServerOptions & { readonly prefix?: string } = {}): Promise<S3Bed> {
  const { prefix = "team/logs", ...rest } = options;
  const server = await startS3Server(rest);
  process.env["AWS_ENDPOINT_URL_S3"] = server.endpoint;
  const folder = mkdtempSync(join(tmpdir(), "logq-s3-bed-"));
  const location = prefix === "" ? "s3://logs" : `s3://logs/${prefix}`;
  const notices: string[] = [];
  let before: Record<string, number> = {};
  const put = (key: string, body: Buffer): void => {
    const path = prefix === "" ? key : `${prefix}/${key}`;
    server.bucket("logs").put(path, body, {}, { ifFree: false, ifMatch: null });
  };
  return {
    server,
    location,
    notices,
    folder,
    put,
    open: (env = {}) =>
      openS3Store(location, {
        env: { LOGQ_CACHE_DIR: join(folder, "cache"), ...env },
        region: "us-east-1",
        profile: null,
        notice: (message) => notices.push(message),
      }),
    putDirectory(path) {
      for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
        const file = join(entry.parentPath, entry.name);
        if (entry.isFile()) put(file.slice(path.length + 1), readFileSync(file));
      }
    },
    requests() {
      const now = { ...server.stats().requests };
      const since = Object.entries(now).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
      before = now;
      return Object.fromEntries(since.filter(([, count]) => count > 0));
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
