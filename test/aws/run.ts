import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

/*
 * `npm run test:aws`: the tests of this folder against moto, an implementation of AWS's services that we did not write.
 * Python installs it in a virtual environment of the project, `.venv/`.
 */
const root = new URL("../..", import.meta.url).pathname;
const START_MS_MAX = 60_000;

const server = installed();
const port = await freePort();
const endpoint = `http://127.0.0.1:${port}`;
const moto = spawn(server, ["-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
try {
  await listening();
  const env = { ...process.env, MOTO_ENDPOINT: endpoint, AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };
  const args = ["run", "--config", "test/aws/vitest.config.ts", ...process.argv.slice(2)];
  const tests = spawn(`${root}node_modules/.bin/vitest`, args, { cwd: root, env, stdio: "inherit" });
  [process.exitCode] = (await once(tests, "close")) as [number];
} finally {
  moto.kill();
}

function installed(): string {
  const path = `${root}.venv/bin/moto_server`;
  if (!existsSync(path)) {
    execFileSync("python3", ["-m", "venv", `${root}.venv`], { stdio: "inherit" });
    execFileSync(`${root}.venv/bin/pip`, ["install", "--quiet", "moto[server]>=5.1,<6"], { stdio: "inherit" });
  }
  return path;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port: free } = probe.address() as { port: number };
  probe.close();
  await once(probe, "close");
  return free;
}

async function listening(): Promise<void> {
  for (const startedAt = performance.now(); performance.now() - startedAt < START_MS_MAX; await sleep(200)) {
    if (moto.exitCode !== null) throw new Error(`moto_server ended with exit code ${moto.exitCode}`);
    const answer = await fetch(endpoint).catch(() => null);
    if (answer !== null) return;
  }
  throw new Error(`moto_server did not listen on port ${port} within ${START_MS_MAX / 1000} s`);
}
