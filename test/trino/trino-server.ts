import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { TRINO_VERSION, type Installed } from "./install.ts";
import { trinoQuery } from "./trino-client.ts";

/** A loaded machine of two cores takes minutes to load its classes. */
const START_MS_MAX = 900_000;

export interface TrinoServer extends AsyncDisposable {
  readonly url: string;
}

/**
 * Trino with one catalog, Hive over S3 at `s3Endpoint`, its metastore being files of `bucket`, on a free port of 127.0.0.1.
 * Ready for queries when it is returned; throws, with its last words, if it does not come so far.
 */
export async function startTrino(
  { java, classPath, plugins }: Installed,
  { catalog, s3Endpoint, bucket }: { catalog: string; s3Endpoint: string; bucket: string },
): Promise<TrinoServer> {
  const folder = mkdtempSync(join(tmpdir(), "logq-trino-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const catalogs = join(folder, "catalog");
  mkdirSync(catalogs);
  writeProperties(join(folder, "config.properties"), {
    "node.id": "test",
    "node.environment": "test",
    "node.bind-ip": "127.0.0.1",
    "node.internal-address": "127.0.0.1",
    coordinator: "true",
    "node-scheduler.include-coordinator": "true",
    "http-server.http.port": String(port),
    "discovery.uri": url,
    "plugin.dir": plugins,
    "catalog.config-dir": catalogs,
    "query.max-memory-per-node": "512MB",
    "memory.heap-headroom-per-node": "256MB",
  });
  writeProperties(join(catalogs, `${catalog}.properties`), {
    "connector.name": "hive",
    "hive.metastore": "file",
    "hive.metastore.catalog.dir": `s3://${bucket}/metastore`,
    "hive.partition-projection-enabled": "true",
    // As Athena does: flow logs may have a folder for each hour.
    "hive.recursive-directories": "true",
    "fs.hadoop.enabled": "false",
    "fs.native-s3.enabled": "true",
    "s3.endpoint": s3Endpoint,
    "s3.region": "us-east-1",
    "s3.path-style-access": "true",
    "s3.aws-access-key": "test",
    "s3.aws-secret-key": "test",
  });
  const logPath = join(folder, "trino.log");
  const log = openSync(logPath, "w");
  const options = ["-Xmx2G", "-Djdk.attach.allowAttachSelf=true", `-Dconfig=${join(folder, "config.properties")}`];
  const child = spawn(java, [...options, "-cp", classPath, "Start", TRINO_VERSION], {
    cwd: folder,
    stdio: ["ignore", log, log],
  });
  const dispose = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    rmSync(folder, { recursive: true, force: true });
  };
  const startedAtMs = performance.now();
  for (;;) {
    // It answers before its catalogs are there.
    const isReady = await trinoQuery(url, `SHOW SCHEMAS FROM ${catalog}`).then(
      () => true,
      () => false,
    );
    if (isReady) return { url, [Symbol.asyncDispose]: dispose };
    if (child.exitCode !== null || performance.now() - startedAtMs > START_MS_MAX) {
      const words = readFileSync(logPath, "utf8").split("\n").slice(-40).join("\n");
      await dispose();
      throw new Error(`start Trino ${TRINO_VERSION}: it does not answer; its last words:\n${words}`);
    }
    await sleep(500);
  }
}

function writeProperties(path: string, properties: Readonly<Record<string, string>>): void {
  const lines = Object.entries(properties).map(([key, value]) => `${key}=${value}\n`);
  writeFileSync(path, lines.join(""));
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, "close");
  return port;
}
