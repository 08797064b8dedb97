import { chmodSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join, relative } from "node:path";

import { encode } from "@msgpack/msgpack";
import { expect, test, vi } from "vitest";

import { runAgent } from "../../../agent/agent.ts";
import { makeStateFolder } from "../../../agent/state/folder.ts";
import { openQuarantine } from "../../../agent/state/quarantine-stage.ts";
import { loadConfig } from "../../../config/load.ts";
import { append, cri, originOfFile, recordingLogger, T0_MS, tempFolder } from "../fixture.ts";
import { Sender } from "../input/forward/bed.ts";

const WAIT = { timeout: 60_000, interval: 20 };

/** What others than the owner may do with something below a folder: `path mode`. Links to logs have their logs' modes. */
function openToOthers(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => !/\/files\/[0-9a-f]{16}\.log$/.test(path))
    .map((path) => ({ path, mode: lstatSync(path).mode & 0o777 }))
    .filter(({ mode }) => (mode & 0o077) !== 0)
    .map(({ path, mode }) => `${relative(folder, path)} ${mode.toString(8)}`);
}

test("nobody but its owner may look into the state folder, nor lock it", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "agent.yaml");
  const state = join(folder.path, "state");
  // As a volume's folder is: made by somebody else, for all to read.
  mkdirSync(join(state, "outputs"), { recursive: true, mode: 0o755 });
  append(join(folder.path, "a.log"), cri("stdout", "F", "hello"));
  writeFileSync(
    path,
    `service: {storage.path: ${state}, hostname: n}
pipeline:
  inputs:
    - {name: tail, path: ${folder.path}/*.log, multiline.parser: cri}
    - {name: forward, listen: 127.0.0.1, port: 0}
  filters: [{name: grep, match: '*', exclude: log nothing}]
  outputs: [{name: directory, match: '*', path: ${folder.path}/store, upload_timeout: 100ms}]
`,
  );
  const { log, lines } = recordingLogger();
  const stop = new AbortController();
  const running = runAgent(loadConfig(path, {}).config, { once: false, signal: stop.signal, log });
  try {
    const place = await vi.waitFor(() => {
      const said = lines.find(({ text }) => text === "senders may connect");
      if (said === undefined) throw new Error(JSON.stringify(lines));
      return String(said.fields["place"]);
    }, WAIT);
    const sender = new Sender(connect(Number(place.split(":")[1]), "127.0.0.1"));
    sender.send(Buffer.from(encode(["a", Math.floor(T0_MS / 1000), { log: "x" }])));
    await vi.waitFor(() => {
      expect(readdirSync(state).toSorted()).toEqual(["files", "filters", "life", "lock", "outputs", "spool"]);
      expect(readdirSync(join(state, "files")).length).toBeGreaterThan(2);
    }, WAIT);
    expect(openToOthers(state)).toEqual([]);
    sender.socket.destroy();
  } finally {
    stop.abort();
    await running;
  }
});

test("the state folder is made for its owner alone, the folders above it are not", async () => {
  using folder = tempFolder();
  await makeStateFolder(join(folder.path, "a/b/state"));
  const modes = ["a", "a/b", "a/b/state"].map((name) => lstatSync(join(folder.path, name)).mode & 0o777);
  expect(modes).toEqual([0o777 & ~process.umask(), 0o777 & ~process.umask(), 0o700]);
  chmodSync(join(folder.path, "a/b/state"), 0o750);
  await makeStateFolder(join(folder.path, "a/b/state"));
  expect(lstatSync(join(folder.path, "a/b/state")).mode & 0o777).toBe(0o750);
});

test("what is in quarantine is its owner's alone", async () => {
  using folder = tempFolder();
  const writer = openQuarantine(join(folder.path, "quarantine"), "s3", 1 << 20).begin(1);
  const codes = { stream: 1, level: 0, cut: 0 };
  const place = { origin: originOfFile("a"), pos: 7, rawBytes: 50, seconds: 1, nanos: 2 };
  await writer.add({ reason: "too large", ...place, ...codes, log: "secret" });
  await writer.seal();
  expect(readdirSync(join(folder.path, "quarantine"))).toHaveLength(1);
  expect(openToOthers(folder.path)).toEqual([]);
});
