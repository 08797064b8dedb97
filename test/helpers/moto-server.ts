import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

const ROOT = new URL("../..", import.meta.url).pathname;
/** The project's virtual environment of Python. */
const BIN = `${ROOT}.venv/bin/`;
const START_MS_MAX = 240_000;

/**
 * Runs vitest with a configuration of the project beside a server of moto, an implementation of AWS's services that we
 * did not write; Python installs it when it is missing, and cfn-lint with it. `program`: what starts the server, of the
 * virtual environment. The exit code is vitest's.
 */
export async function testWithMoto(config: string, program: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  install();
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const [command, ...args] = [...program, "-H", "127.0.0.1", "-p", String(port)];
  const moto = spawn(`${BIN}${command}`, args, { stdio: "ignore", env: { ...process.env, ...env } });
  try {
    await listening(moto, endpoint);
    const testEnv = {
      ...process.env,
      MOTO_ENDPOINT: endpoint,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    };
    const testArgs = ["run", "--config", config, ...process.argv.slice(2)];
    const tests = spawn(`${ROOT}node_modules/.bin/vitest`, testArgs, { cwd: ROOT, env: testEnv, stdio: "inherit" });
    [process.exitCode] = (await once(tests, "close")) as [number];
  } finally {
    moto.kill();
  }
}

function install(): void {
  if (existsSync(`${BIN}moto_server`)) return;
  execFileSync("python3", ["-m", "venv", `${ROOT}.venv`], { stdio: "inherit" });
  execFileSync(`${BIN}pip`, ["install", "--quiet", "moto[server]>=5.1,<6"], { stdio: "inherit" });
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port: free } = probe.address() as { port: number };
  probe.close();
  await once(probe, "close");
  return free;
}

async function listening(moto: ChildProcess, endpoint: string): Promise<void> {
  for (const startedAt = performance.now(); performance.now() - startedAt < START_MS_MAX; await sleep(200)) {
    if (moto.exitCode !== null) throw new Error(`moto's server ended with exit code ${moto.exitCode}`);
    const answer = await fetch(endpoint).catch(() => null);
    if (answer !== null) return;
  }
  throw new Error(`moto's server did not listen on ${endpoint} within ${START_MS_MAX / 1000} s`);
}
