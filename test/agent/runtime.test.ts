import zlib from "node:zlib";
import { afterEach, expect, test, vi } from "vitest";
import { createReloadRequests } from "../../agent/reload.ts";
import { runCommand } from "../../agent/command.ts";

const { createZstdCompress } = zlib;

afterEach(() => {
  zlib.createZstdCompress = createZstdCompress;
});

test("a runtime without zstd is refused by name, before anything is read", async () => {
  Reflect.deleteProperty(zlib, "createZstdCompress");
  let said = "";
  const code = await runCommand(["-c", "missing.yaml"], {
    env: {},
    version: "0",
    reloads: createReloadRequests(),
    isTerminal: false,
    signal: new AbortController().signal,
    out: () => undefined,
    err: (text) => (said += text),
    createLog: vi.fn<() => never>(),
    runAgent: vi.fn<() => never>(),
  });
  expect(code).toBe(1);
  expect(said).toBe(`logq-agent needs Node.js 22.15 or later, this is ${process.versions.node}, without zstd\n`);
});
