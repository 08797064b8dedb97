import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { runAgent } from "../../../agent/agent.ts";
import { MIGRATE_USAGE, runMigrate } from "../../../agent/migrate/command.ts";
import { loadConfig } from "../../../config/load.ts";
import { append, cri, recordingLogger, tempFolder } from "../fixture.ts";

/** A node whose logs Fluent Bit has read in part; `readFromHead` is what logq-agent's configuration says. */
function openNode(readFromHead: "on" | "off" = "on") {
  const temp = tempFolder();
  const { path } = temp;
  const [logs, config, db] = [join(path, "logs"), join(path, "fluent-bit.conf"), join(path, "flb.db")];
  mkdirSync(logs);
  writeFileSync(
    config,
    `[SERVICE]
    storage.path  ${path}/state
[INPUT]
    Name              tail
    Path              ${logs}/*.log
    multiline.parser  cri
    Read_from_Head    ${readFromHead}
    DB                ${db}
[OUTPUT]
    Name         directory
    Path         ${path}/store
    Format       json_lines
    Compression  none
`,
  );
  const database = openFluentBitDb(db);
  return {
    config,
    db,
    path,
    /** Writes messages, a line each; returns the path of the file. */
    write: (name: string, ...messages: string[]) => {
      const file = join(logs, name);
      append(file, messages.map((message) => cri("stdout", "F", message)).join(""));
      return file;
    },
    /** Fluent Bit has read the file up to `offset`; without it, all of it. */
    readByFluentBit: (file: string, offset = statSync(file).size, name = file) => {
      const insert = "INSERT INTO in_tail_files (name, offset, inode, created) VALUES (?, ?, ?, 1)";
      database.prepare(insert).run(name, offset, statSync(file).ino);
    },
    migrate: async (...args: string[]) => {
      const said = { out: "", err: "" };
      const out = (text: string) => void (said.out += text);
      const err = (text: string) => void (said.err += text);
      const code = await runMigrate(args.length > 0 ? args : ["--offsets", "-c", config], { env: {}, out, err });
      return { code, ...said };
    },
    ship: async () => {
      const { log } = recordingLogger();
      await runAgent(loadConfig(config, {}).config, { once: true, signal: new AbortController().signal, log });
      return shipped(join(path, "store"));
    },
    [Symbol.dispose]: () => {
      database.close();
      temp[Symbol.dispose]();
    },
  };
}

/** The table as Fluent Bit 5.1 makes it, in the journal mode that it sets. */
function openFluentBitDb(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA journal_mode = WAL; CREATE TABLE in_tail_files (id INTEGER PRIMARY KEY, name TEXT NOT NULL, offset INTEGER,
    inode INTEGER, created INTEGER, rotated INTEGER DEFAULT 0, offset_marker INTEGER DEFAULT 0, offset_marker_size INTEGER DEFAULT 0)`);
  return database;
}

function shipped(store: string): string[] {
  const names = readdirSync(store, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".json"));
  const lines = names.flatMap((name) => readFileSync(join(store, name), "utf8").trimEnd().split("\n"));
  return lines.map((line) => (JSON.parse(line) as { log: string }).log).toSorted();
}

describe("after Fluent Bit's offsets were imported", () => {
  test.each(["on", "off"] as const)("files go on where it stopped, with read_from_head %s", async (readFromHead) => {
    using node = openNode(readFromHead);
    node.readByFluentBit(node.write("a.log", "a1", "a2"));
    node.write("a.log", "a3");
    node.readByFluentBit(node.write("b.log", "b1"));
    expect(await node.migrate()).toEqual({
      code: 0,
      out: `${node.db}: 2 files go on where Fluent Bit stopped, 0 are gone\n`,
      err: "",
    });
    node.write("b.log", "b2");
    expect(await node.ship()).toEqual(["a3", "b2"]);
    node.write("a.log", "a4");
    expect(await node.ship()).toEqual(["a3", "a4", "b2"]);
  });

  test.each(["on", "off"] as const)(
    "a file that was rotated since is read to its end, the next from its start, with read_from_head %s",
    async (readFromHead) => {
      using node = openNode(readFromHead);
      const path = node.write("a.log", "1");
      node.readByFluentBit(path);
      node.write("a.log", "2");
      renameSync(path, `${path}.20261121-050002`);
      node.write("a.log", "3");
      await node.migrate();
      expect(await node.ship()).toEqual(["2", "3"]);
    },
  );

  test("rotated files that it was through with are not shipped again", async () => {
    using node = openNode();
    node.write("a.log.20261121-050001", "old");
    node.readByFluentBit(node.write("a.log", "1"));
    node.write("a.log", "2");
    await node.migrate();
    expect(await node.ship()).toEqual(["2"]);
  });

  test("a rotated file that it was not through with goes on as well", async () => {
    using node = openNode();
    const rotated = node.write("a.log.20261121-050001", "1", "2");
    node.readByFluentBit(rotated, cri("stdout", "F", "1").length);
    node.readByFluentBit(node.write("a.log", "3", "4"), cri("stdout", "F", "3").length);
    await node.migrate();
    expect(await node.ship()).toEqual(["2", "4"]);
  });

  test("files that it never saw are read from their start", async () => {
    using node = openNode();
    node.readByFluentBit(node.write("a.log", "1"));
    await node.migrate();
    node.write("b.log.20261121-050001", "b1");
    node.write("b.log", "b2");
    expect(await node.ship()).toEqual(["b1", "b2"]);
  });

  test("a line of which it had read a part is shipped whole", async () => {
    using node = openNode();
    const path = node.write("a.log", "1", "2");
    node.readByFluentBit(path, statSync(path).size - 3);
    await node.migrate();
    expect(await node.ship()).toEqual(["2"]);
  });

  test("a file that was truncated since is read from its start", async () => {
    using node = openNode();
    const path = node.write("a.log", "1", "2", "3");
    node.readByFluentBit(path);
    truncateSync(path);
    node.write("a.log", "4");
    await node.migrate();
    expect(await node.ship()).toEqual(["4"]);
  });

  test("a file with the inode of one that is gone is read from its start", async () => {
    using node = openNode();
    const path = node.write("a.log", "1");
    node.readByFluentBit(path);
    await node.migrate();
    // What another file with the same inode would look like.
    const imported = join(node.path, "state/imported.json");
    writeFileSync(imported, readFileSync(imported, "utf8").replace(/"bornMs":[\d.]+/, '"bornMs":1'));
    expect(await node.ship()).toEqual(["1"]);
  });

  test("the last of two rows with one inode counts, as it does for Fluent Bit", async () => {
    using node = openNode();
    const path = node.write("a.log", "1", "2");
    node.readByFluentBit(path, 0);
    node.readByFluentBit(path, cri("stdout", "F", "1").length);
    await node.migrate("--db", node.db, "-c", node.config);
    expect(await node.ship()).toEqual(["2"]);
  });
});

describe("what can't be imported is said:", () => {
  test("files that are gone", async () => {
    using node = openNode();
    const path = node.write("a.log", "1");
    node.readByFluentBit(path);
    rmSync(path);
    expect(await node.migrate()).toEqual({
      code: 0,
      out: `${node.db}: 0 files go on where Fluent Bit stopped, 1 are gone\n`,
      err: `${path}: not found any more; if it has another name now, it is read from its start\n`,
    });
  });

  test("a state folder that an agent has used", async () => {
    using node = openNode();
    node.readByFluentBit(node.write("a.log", "1"));
    await node.ship();
    const { code, err } = await node.migrate();
    expect(code).toBe(1);
    expect(err).toMatch(
      /^logq-agent: cannot import into \S+\/state: an agent has used it \(files\/.*; import before the first start, or set another storage\.path\n$/,
    );
  });

  test("a database that is none, or another one, or not there", async () => {
    using node = openNode();
    const other = join(node.path, "other.db");
    writeFileSync(other, "x".repeat(4096));
    expect((await node.migrate("--db", other, "-c", node.config)).err).toBe(
      `logq-agent: cannot read ${other}: file is not a database\n`,
    );
    rmSync(other);
    expect((await node.migrate("--db", other, "-c", node.config)).err).toBe(
      `logq-agent: cannot read ${other}: no such file; name the db of a tail input of Fluent Bit\n`,
    );
    new DatabaseSync(other).close();
    writeFileSync(other, "");
    expect((await node.migrate("--db", other, "-c", node.config)).err).toBe(
      `logq-agent: cannot read ${other}: it has no table in_tail_files; name the db of a tail input of Fluent Bit\n`,
    );
  });

  test("a database that Fluent Bit has locked", async () => {
    using node = openNode();
    const locked = join(node.path, "locked.db");
    const database = new DatabaseSync(locked);
    database.exec(
      "PRAGMA locking_mode = EXCLUSIVE; CREATE TABLE in_tail_files (id, name, inode, offset); BEGIN EXCLUSIVE",
    );
    const { err } = await node.migrate("--db", locked, "-c", node.config);
    database.close();
    expect(err).toBe(`logq-agent: cannot read ${locked}: Fluent Bit has locked it; stop Fluent Bit first\n`);
  });

  test("a configuration whose inputs have no db", async () => {
    using node = openNode();
    writeFileSync(node.config, readFileSync(node.config, "utf8").replace(/ +DB .*\n/, ""));
    expect(await node.migrate()).toEqual({
      code: 1,
      out: "",
      err: `logq-agent: no tail input of ${node.config} has a db; name one with --db, or a pos_file with --pos-file\n`,
    });
  });
});

test("imported offsets that are damaged stop the start", async () => {
  using node = openNode();
  mkdirSync(join(node.path, "state"));
  writeFileSync(join(node.path, "state/imported.json"), '{"version":2}');
  await expect(node.ship()).rejects.toThrow(
    "imported.json: version 2, this logq-agent reads version 1; import the offsets anew by logq-agent migrate, or remove the file",
  );
});

describe("usage", () => {
  test("--help prints it", async () => {
    using node = openNode();
    expect(await node.migrate("--help")).toEqual({ code: 0, out: MIGRATE_USAGE, err: "" });
  });

  test.each([
    [["-c", "x"], "migrate: name a configuration of Fluent Bit's, or ask for --offsets, --db or --pos-file"],
    [
      ["a.conf", "--offsets"],
      "migrate: name a configuration of Fluent Bit's, or ask for --offsets, --db or --pos-file",
    ],
    [["a.conf", "b.conf"], "migrate takes one configuration"],
    [["--offsets"], "no configuration; name one with -c CONFIG"],
    [
      ["--offsets", "--db", "x", "-c", "y"],
      "migrate: --offsets imports what CONFIG names; leave it out beside --db and --pos-file",
    ],
    [
      ["--offsets", "--pos-file", "x", "-c", "y"],
      "migrate: --offsets imports what CONFIG names; leave it out beside --db and --pos-file",
    ],
    [["--pos-file", "x"], "no configuration; name one with -c CONFIG"],
    [["--offsets", "-c", "y", "-o", "z"], "migrate: --output is for a configuration"],
    [["--ofsets"], "Unknown option '--ofsets'"],
  ])("%j is wrong", async (args, message) => {
    using node = openNode();
    expect(await node.migrate(...args)).toEqual({
      code: 2,
      out: "",
      err: `logq-agent: ${message}\nTry 'logq-agent migrate --help'.\n`,
    });
  });

  test("a configuration is printed as YAML, or written to a file", async () => {
    using node = openNode();
    const { code, out } = await node.migrate(node.config);
    expect(code).toBe(0);
    expect(out).toContain("\npipeline:\n");
    const file = join(node.path, "out.yaml");
    expect(await node.migrate(node.config, "-o", file)).toEqual({ code: 0, out: "", err: "" });
    expect(readFileSync(file, "utf8")).toBe(out);
  });
});
