import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
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

test("kill -9 releases the lock", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "lock");
  const script = `const { lockState } = await import(${JSON.stringify(LOCK_MODULE)});
    globalThis.held = await lockState(${JSON.stringify(path)}, 0, new AbortController().signal);
    console.log("held"); setInterval(() => {}, 1e6);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  await expect(lockState(path, 0, NEVER)).rejects.toThrow("is held");
  child.kill("SIGKILL");
  await once(child, "exit");
  using held = await lockState(path, 0, NEVER);
  expect(held).toBeDefined();
});

test("a path that can't be locked at all is another error", async () => {
  using folder = tempFolder();
  mkdirSync(join(folder.path, "lock"));
  await expect(lockState(join(folder.path, "lock"), 60_000, NEVER)).rejects.toThrow("unable to open database file");
});
