import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { ImageConfig } from "./image-config.ts";
import { PROGRAM_FOLDER } from "./image-config.ts";
import { PLAIN_UID } from "./system-files.ts";

const CONFIG = new URL("../kubernetes/base/agent.yaml", import.meta.url);
const FILES = 20;
const LINES = 500;

/**
 * Fills the image's compile cache: has the agent ship a few files in the root, by the DaemonSet's own configuration, to a server that takes everything.
 * Node.js keeps compiled code per version, architecture, options and user, not per model of CPU; a pod's read-only root can't be written
 * to, so what is not kept here is compiled at each start. Needs root, or user namespaces.
 */
export async function warmCompileCache(root: string, { Entrypoint, Env }: ImageConfig): Promise<void> {
  const pods = join(root, "var/log/pods");
  writeLogs(pods);
  writeFileSync(join(root, "etc/logq/agent.yaml"), withoutServer(readFileSync(CONFIG, "utf8")));
  const server = createServer((request, response) => {
    request.resume().on("end", () => response.setHeader("ETag", '"0"').end());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    await run(root, [...Entrypoint, "-c", "/etc/logq/agent.yaml", "--once"], [...Env, ...settings(endpoint)]);
  } finally {
    server.close();
  }
  for (const path of ["var/log/pods", "var/log/logq", "etc/logq/agent.yaml"])
    rmSync(join(root, path), { recursive: true });
  shareWithPlainUser(join(root, PROGRAM_FOLDER, "compile-cache"));
}

/** Enough of them that what runs for each line is compiled. */
function writeLogs(pods: string): void {
  for (let index = 0; index < FILES; index++) {
    const folder = join(pods, `default_web-${index}_00000000-0000-4000-8000-${String(index).padStart(12, "0")}/web`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "0.log"), Array.from({ length: LINES }, (_, n) => line(n)).join(""));
  }
}

function line(n: number): string {
  return `${new Date().toISOString()} stdout F {"level":"info","message":"line ${n}","status":200}\n`;
}

/** Its port may be another's on the machine that builds. */
function withoutServer(config: string): string {
  return config.replace("http_server: on", "http_server: off");
}

function settings(endpoint: string): string[] {
  const keys = ["AWS_ACCESS_KEY_ID=warm", "AWS_SECRET_ACCESS_KEY=warm", "AWS_REGION=us-east-1"];
  return [
    ...keys,
    `S3_ENDPOINT=${endpoint}`,
    "LOG_PATH=/var/log/pods/*/*/*.log",
    "CLUSTER_NAME=warm",
    "LOG_BUCKET=warm",
    "NODE_NAME=warm",
  ];
}

/** In the root: compiled code is kept under the path of its source. */
async function run(root: string, command: readonly string[], env: readonly string[]): Promise<void> {
  const way = process.getuid?.() === 0 ? ["chroot", root] : ["unshare", "--map-root-user", `--root=${root}`];
  const [program, ...args] = [...way, ...command];
  const child = spawn(program!, args, {
    env: { ...Object.fromEntries(env.map((each) => each.split(/=(.*)/s, 2))), PATH: process.env["PATH"] },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`cannot warm the compile cache: the agent ended with ${code} in ${root}: ${said}`);
}

/** The folder's name ends with the user's number, and Node.js keeps its files for that user alone. */
function shareWithPlainUser(cache: string): void {
  for (const name of readdirSync(cache)) {
    for (const file of readdirSync(join(cache, name))) chmodSync(join(cache, name, file), 0o644);
    cpSync(join(cache, name), join(cache, name.replace(/-0$/, `-${PLAIN_UID}`)), { recursive: true });
  }
}
