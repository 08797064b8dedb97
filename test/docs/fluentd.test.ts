import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCommand } from "../../agent/command.ts";
import { createReloadRequests } from "../../agent/reload.ts";
import { recordingLogger } from "../agent/fixture.ts";

const page = readFileSync("docs/fluentd.md", "utf8");

test("the example of docs/fluentd.md passes --dry-run without a notice", async () => {
  const [, yaml = ""] = /^After:\n\n```yaml\n([\s\S]*?)```$/m.exec(page) ?? [];
  const folder = mkdtempSync(join(tmpdir(), "logq-fluentd-"));
  writeFileSync(join(folder, "agent.yaml"), yaml);
  const said = { out: "", err: "" };
  const code = await runCommand(["-c", join(folder, "agent.yaml"), "--dry-run"], {
    env: { FORWARD_KEY: "secret" },
    version: "0",
    signal: new AbortController().signal,
    reloads: createReloadRequests(),
    isTerminal: false,
    out: (text) => void (said.out += text),
    err: (text) => void (said.err += text),
    createLog: () => Promise.resolve(recordingLogger().log),
    runAgent: () => Promise.reject(new Error("--dry-run must not run the agent")),
  });
  rmSync(folder, { recursive: true });
  expect({ code, err: said.err }).toEqual({ code: 0, err: "" });
  expect(said.out).toContain("bucket: my-logs");
});
