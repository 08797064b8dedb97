import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { lstatSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lockState } from "../../../agent/state/lock.ts";
import { tempFolder } from "../fixture.ts";

const NEVER = new AbortController().signal;
const LOCK_MODULE = new URL("../../../agent/state/lock.ts", import.meta.url).href;

test("a second holder is refused after its wait, with what to do", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "lock");
  using held = await lockState(path, 0, NEVER);
  expect(held).toBeDefined();
  await expect(lockState(path, 250, NEVER)).rejects.toThrow(
    /lock is held by another logq-agent.*stop that agent or give/,
  );
});

test("a lock that is given up can be taken", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "lock");
  (await lockState(path, 0, NEVER))[Symbol.dispose]();
  using held = await lockState(path, 0, NEVER);
  expect(held).toBeDefined();
});

test("a waiting agent ends its wait when it is stopped", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "lock");
  using held = await lockState(path, 0, NEVER);
  expect(held).toBeDefined();
  await expect(lockState(path, 3_600_000, AbortSignal.abort())).rejects.toThrow("cannot lock");
});

/** A process that holds the lock, in a PID namespace of its own if this one may make one. */
async function startHolder(path: string, namespace: boolean): Promise<ChildProcess> {
  const script = `const { lockState } = await import(${JSON.stringify(LOCK_MODULE)});
    globalThis.held = await lockState(${JSON.stringify(path)}, 0, new AbortController().signal);
    console.log("held as", process.pid); setInterval(() => {}, 1e6);`;
  const node = [process.execPath, "--input-type=module", "-e", script];
  const [command, ...args] = namespace ? [...UNSHARE, ...node] : node;
  const child = spawn(command!, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  if (namespace && said.toString() !== "held as 1\n") throw new Error(`no namespace of its own: ${said.toString()}`);
  return child;
}

const UNSHARE = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
const CAN_UNSHARE = spawnSync(UNSHARE[0]!, [...UNSHARE.slice(1), "true"]).status === 0;

test.each([false, true])(
  "kill -9 releases the lock (in another PID namespace, where that may be made: %s)",
  async (wish) => {
    using folder = tempFolder();
    const path = join(folder.path, "lock");
    const child = await startHolder(path, wish && CAN_UNSHARE);
    await expect(lockState(path, 0, NEVER)).rejects.toThrow("is held");
    child.kill("SIGKILL");
    await once(child, "exit");
    using held = await lockState(path, 10_000, NEVER);
    expect(held).toBeDefined();
  },
);

test.each([
  ["a folder", (path: string) => mkdirSync(path), "unable to open database file"],
  ["a foreign file", (path: string) => writeFileSync(path, "hello ".repeat(1000)), "file is not a database"],
  ["a link to nowhere", (path: string) => symlinkSync("/nowhere/lock", path), "unable to open database file"],
])("%s in the lock's place is refused with what to do, and left as it is", async (_, make, message) => {
  using folder = tempFolder();
  const path = join(folder.path, "lock");
  make(path);
  const before = lstatSync(path);
  await expect(lockState(path, 60_000, NEVER)).rejects.toThrow(
    `cannot lock the state folder: ${path}: ${message}. It must be a file that logq-agent made`,
  );
  expect([lstatSync(path).ino, lstatSync(path).size]).toEqual([before.ino, before.size]);
});

test("a lock file that lost its content still locks", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "lock");
  writeFileSync(path, "");
  using held = await lockState(path, 0, NEVER);
  expect(held).toBeDefined();
  await expect(lockState(path, 0, NEVER)).rejects.toThrow("is held");
});
