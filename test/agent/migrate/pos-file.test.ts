import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { runAgent } from "../../../agent/agent.ts";
import { runMigrate } from "../../../agent/migrate/command.ts";
import { loadConfig } from "../../../config/load.ts";
import { append, cri, recordingLogger, tempFolder } from "../fixture.ts";

/** A node whose logs Fluentd has read in part. */
function openNode() {
  const temp = tempFolder();
  const { path } = temp;
  const [logs, config, posFile] = [join(path, "logs"), join(path, "agent.yaml"), join(path, "fluentd.pos")];
  mkdirSync(logs);
  writeFileSync(
    config,
    `service: {storage.path: ${path}/state}
pipeline:
  inputs: [{name: tail, path: '${logs}/*.log', multiline.parser: cri}]
  outputs: [{name: directory, path: ${path}/store, format: json_lines, compression: none}]
`,
  );
  writeFileSync(posFile, "");
  return {
    path,
    config,
    posFile,
    write: (name: string, ...messages: string[]) => {
      const file = join(logs, name);
      append(file, messages.map((message) => cri("stdout", "F", message)).join(""));
      return file;
    },
    /** Fluentd has passed the file on up to `offset`; without it, all of it. */
    readByFluentd: (file: string, offset = statSync(file).size) =>
      append(posFile, `${file}\t${hex(offset)}\t${hex(statSync(file).ino)}\n`),
    migrate: async (...args: string[]) => {
      const said = { out: "", err: "" };
      const out = (text: string) => void (said.out += text);
      const err = (text: string) => void (said.err += text);
      const asked = args.length > 0 ? args : ["--pos-file", posFile];
      return { code: await runMigrate([...asked, "-c", config], { env: {}, out, err }), ...said };
    },
    ship: async () => {
      const { log } = recordingLogger();
      await runAgent(loadConfig(config, {}).config, { once: true, signal: new AbortController().signal, log });
      const store = join(path, "store");
      const names = readdirSync(store, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".json"));
      const lines = names.flatMap((name) => readFileSync(join(store, name), "utf8").trimEnd().split("\n"));
      return lines.map((line) => (JSON.parse(line) as { log: string }).log).toSorted();
    },
    [Symbol.dispose]: temp[Symbol.dispose],
  };
}

/** As Fluentd 1.19 writes numbers: 16 digits. */
function hex(number: number): string {
  return number.toString(16).padStart(16, "0");
}

describe("after Fluentd's pos_file was imported", () => {
  test("files go on where it stopped", async () => {
    using node = openNode();
    node.readByFluentd(node.write("a.log", "a1", "a2"));
    node.write("a.log", "a3");
    node.readByFluentd(node.write("b.log", "b1"));
    expect(await node.migrate()).toEqual({
      code: 0,
      out: `${node.posFile}: 2 files go on where Fluentd stopped, 0 are gone\n`,
      err: "",
    });
    node.write("b.log", "b2");
    expect(await node.ship()).toEqual(["a3", "b2"]);
  });

  test("a file that was rotated since is read to its end, the next from its start", async () => {
    using node = openNode();
    const path = node.write("a.log", "1");
    node.readByFluentd(path);
    node.write("a.log", "2");
    renameSync(path, `${path}.20261121-050002`);
    node.write("a.log", "3");
    await node.migrate();
    expect(await node.ship()).toEqual(["2", "3"]);
  });

  test("rotated files that it was through with are not shipped again", async () => {
    using node = openNode();
    node.write("a.log.20261121-050001", "old");
    node.readByFluentd(node.write("a.log", "1"));
    node.write("a.log", "2");
    await node.migrate();
    expect(await node.ship()).toEqual(["2"]);
  });

  test("files that it found and had not opened yet are read from their start", async () => {
    using node = openNode();
    const path = node.write("a.log", "1");
    append(node.posFile, `${path}\t${hex(0)}\t${hex(0)}\n`);
    expect((await node.migrate()).out).toContain("0 files go on where Fluentd stopped, 0 are gone");
    expect(await node.ship()).toEqual(["1"]);
  });

  test("a file that it follows no more is read from its start if it is still there", async () => {
    using node = openNode();
    const path = node.write("a.log", "1");
    append(node.posFile, `${path}\t${"f".repeat(16)}\t${hex(statSync(path).ino)}\n`);
    expect((await node.migrate()).out).toContain("0 files go on where Fluentd stopped, 0 are gone");
    expect(await node.ship()).toEqual(["1"]);
  });

  test("the last of two lines with one inode counts", async () => {
    using node = openNode();
    const path = node.write("a.log", "1", "2");
    node.readByFluentd(path, 0);
    node.readByFluentd(path, cri("stdout", "F", "1").length);
    await node.migrate();
    expect(await node.ship()).toEqual(["2"]);
  });

  test("offsets of Fluent Bit's may be imported with it", async () => {
    using node = openNode();
    node.readByFluentd(node.write("a.log", "a1"));
    node.write("a.log", "a2");
    const db = join(node.path, "flb.db");
    const other = node.write("b.log", "b1");
    const { ino, size } = statSync(other);
    const database = new DatabaseSync(db);
    database.exec(`CREATE TABLE in_tail_files (id INTEGER PRIMARY KEY, name, offset, inode);
      INSERT INTO in_tail_files (name, offset, inode) VALUES ('${other}', ${size}, ${ino})`);
    database.close();
    const { out } = await node.migrate("--db", db, "--pos-file", node.posFile);
    expect(out).toBe(
      `${db}: 1 files go on where Fluent Bit stopped, 0 are gone\n` +
        `${node.posFile}: 1 files go on where Fluentd stopped, 0 are gone\n`,
    );
    expect(await node.ship()).toEqual(["a2"]);
  });
});

describe("what can't be imported is said:", () => {
  test("files that are gone", async () => {
    using node = openNode();
    const path = node.write("a.log", "1");
    node.readByFluentd(path);
    rmSync(path);
    expect(await node.migrate()).toEqual({
      code: 0,
      out: `${node.posFile}: 0 files go on where Fluentd stopped, 1 are gone\n`,
      err: `${path}: not found any more; if it has another name now, it is read from its start\n`,
    });
  });

  test.each([
    ["not there", null, "no such file; name the pos_file of a source of Fluentd"],
    [
      "something else",
      "offset\t12\n",
      "none of its lines is a path, an offset and an inode; name the pos_file of a source of Fluentd",
    ],
  ])("a pos_file that is %s", async (_, text, reason) => {
    using node = openNode();
    if (text === null) rmSync(node.posFile);
    else writeFileSync(node.posFile, text);
    expect(await node.migrate()).toEqual({
      code: 1,
      out: "",
      err: `logq-agent: cannot read ${node.posFile}: ${reason}\n`,
    });
  });
});

describe("with --optional, as an init container runs it,", () => {
  test("a node where Fluentd never was starts as a new one", async () => {
    using node = openNode();
    rmSync(node.posFile);
    node.write("a.log", "1");
    expect(await node.migrate("--optional", "--pos-file", node.posFile)).toEqual({ code: 0, out: "", err: "" });
    expect(await node.ship()).toEqual(["1"]);
  });

  test("a second start imports nothing", async () => {
    using node = openNode();
    node.readByFluentd(node.write("a.log", "1"));
    node.write("a.log", "2");
    await node.migrate("--optional", "--pos-file", node.posFile);
    expect(await node.ship()).toEqual(["2"]);
    const { code, out, err } = await node.migrate("--optional", "--pos-file", node.posFile);
    expect({ code, out }).toEqual({ code: 0, out: "" });
    expect(err).toMatch(/^cannot import into \S+\/state: an agent has used it/);
    expect(await node.ship()).toEqual(["2"]);
  });

  test("a damaged pos_file is a failure still", async () => {
    using node = openNode();
    writeFileSync(node.posFile, "offset\n");
    expect((await node.migrate("--optional", "--pos-file", node.posFile)).code).toBe(1);
  });
});
