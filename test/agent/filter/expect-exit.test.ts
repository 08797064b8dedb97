import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runAgent } from "../../../agent/agent.ts";
import { loadConfig } from "../../../config/load.ts";
import { cri, recordingLogger, tempFolder } from "../fixture.ts";

test.each([
  ["that follows files", false],
  ["that ships once", true],
])(
  "an agent %s ends with Fluent Bit's exit code at an unexpected record, which is shipped with the others",
  async (_, once) => {
    using folder = tempFolder();
    const { path } = folder;
    mkdirSync(join(path, "logs"));
    writeFileSync(
      join(path, "logs", "a.log"),
      ["good", "bad", "good"].map((text) => cri("stdout", "F", text)).join(""),
    );
    writeFileSync(
      join(path, "agent.yaml"),
      `service: {storage.path: ${path}/state, cluster: prod, hostname: node-1}
pipeline:
  inputs: [{name: tail, path: "${path}/logs/*.log", multiline.parser: cri}]
  filters: [{name: expect, match: "*", key_val_eq: "log good", action: exit}]
  outputs: [{name: directory, match: "*", path: "${path}/store", format: json_lines, compression: none, upload_timeout: 100ms}]
`,
    );
    const { log, lines } = recordingLogger();
    const { config } = loadConfig(join(path, "agent.yaml"), {});
    const { signal } = new AbortController();
    await expect(runAgent(config, { once, signal, log })).rejects.toMatchObject({ exitCode: 255 });
    expect(JSON.stringify(lines)).toMatch(/a record fails key_val_eq log good: .*ending, as its action says/);
    const stored = readdirSync(join(path, "store"), { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".json"),
    );
    expect(
      stored.flatMap((name) =>
        readFileSync(join(path, "store", name), "utf8")
          .trimEnd()
          .split("\n"),
      ),
    ).toHaveLength(3);
  },
);
