import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { runCli } from "../../../query/cli.ts";
import { createDuckDbEngine } from "../../../query/engine/duckdb.ts";
import type { Engine } from "../../../query/engine/engine.ts";
import { makeStore, STORE_NOW_NS } from "../../helpers/store.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "logq-repl-"));
  await makeStore(join(folder, "store"));
});
afterAll(() => rm(folder, { recursive: true }));

test("statements over several lines, commands and mistakes; the session goes on until \\q", async () => {
  const prompt = start();
  await prompt.shows("logq> ");
  prompt.type("select count(*) as n\r");
  await prompt.shows("160\n(1 row)");
  prompt.type("select count(*) as of_nginx\rwhere pod =\r'nginx';\r");
  await prompt.shows("32\n(1 row)");
  prompt.type("select pods where true\r");
  await prompt.shows("no column is called pods");
  await prompt.shows("^^^^");
  prompt.type("\\x\r");
  await prompt.shows("expanded display is on");
  prompt.type("select 1 as a, null as b;\r");
  await prompt.shows("-[ RECORD 1 ]");
  prompt.type("\\nonsense\r");
  await prompt.shows("no such command");
  prompt.type("\\q\r");
  expect(await prompt.code).toBe(0);
});

test("a paste runs when all of it is there", async () => {
  const prompt = start();
  prompt.type("select count(*) as n\r  where pod = 'nginx'\r  and level is null\r");
  await prompt.shows("32\n(1 row)");
  expect(prompt.text()).not.toContain("160\n(1 row)");
  prompt.type("\x04");
  expect(await prompt.code).toBe(0);
});

test("Ctrl-C stops the query, or gives up the line, and the session goes on", async () => {
  const engine = createDuckDbEngine();
  const prompt = start({
    run: (query, signal) =>
      query.text.includes("endless")
        ? new Promise((_, fail) => signal.addEventListener("abort", fail))
        : engine.run(query, signal),
  });
  prompt.type("select 'endless' as a;\r");
  await prompt.shows("'endless'");
  await wait(20);
  prompt.type("\x03");
  await prompt.shows("stopped");
  prompt.type("select half of\x03");
  await prompt.shows("^C");
  prompt.type("select 40 + 2 as answer;\r");
  await prompt.shows("42\n(1 row)");
  prompt.type("exit\r");
  expect(await prompt.code).toBe(0);
});

test("Tab completes names, and values that the store has", async () => {
  const prompt = start();
  // A Tab in the midst of other keys is one of a paste.
  for (const [keys, completed] of [
    ["select count(*) as n wher", "e"],
    [" names", "pace"],
  ] as const) {
    prompt.type(keys);
    await prompt.shows(keys);
    prompt.type("\t");
    await prompt.shows(completed);
  }
  prompt.type(" = 'sh");
  // The store may take longer than a person waits for a key: then the next one finds it.
  const pressed = (): string => {
    prompt.type("\t");
    return prompt.text();
  };
  await expect.poll(pressed, { timeout: 20_000, interval: 500 }).toContain("= 'shop'");
  prompt.type(";\r");
  await prompt.shows("32\n(1 row)");
  prompt.type("\x04");
  await prompt.code;
});

test("\\d shows a table, \\dt all of them", async () => {
  const prompt = start();
  await prompt.shows("logq> ");
  prompt.type("\\dt\r");
  await prompt.shows("cloudtrail |");
  await prompt.shows("access logs of Application Load Balancers");
  prompt.type("\\d alb\r");
  await prompt.shows("target_processing_time");
  await prompt.shows("logq> ");
  prompt.type("select * from cloudt");
  await prompt.shows("from cloudt");
  prompt.type("\t");
  await prompt.shows("rail");
  prompt.type("\x03\\q\r");
  expect(await prompt.code).toBe(0);
});

test("what was typed is there at the next start", async () => {
  const first = start();
  first.type("select 'remembered' as a;\r");
  await first.shows("(1 row)");
  first.type("\\q\r");
  await first.code;
  expect(await readFile(join(folder, "state", "logq", "typed"), "utf8")).toContain("select 'remembered' as a;\n");
  const second = start();
  await second.shows("logq> ");
  second.type("\x1b[A\x1b[A");
  await second.shows("select 'remembered' as a;");
  second.type("\x03\x04");
  await second.code;
});

test("a signal ends it", async () => {
  const interrupt = new AbortController();
  const prompt = start(createDuckDbEngine(), interrupt.signal);
  await prompt.shows("logq> ");
  interrupt.abort();
  expect(await prompt.code).toBe(130);
});

function start(engine: Engine = createDuckDbEngine(), signal = new AbortController().signal) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });
  const chunks: string[] = [];
  const terminal = (): Writable & { isTTY: true; columns: number } =>
    Object.assign(
      new Writable({
        write(chunk: Buffer, _, done) {
          chunks.push(String(chunk));
          done();
        },
      }),
      { isTTY: true as const, columns: 100 },
    );
  const code = runCli([], {
    stdin,
    stdout: terminal(),
    stderr: terminal(),
    env: {
      LOGQ_STORE: join(folder, "store"),
      XDG_CONFIG_HOME: folder,
      XDG_STATE_HOME: join(folder, "state"),
      NO_COLOR: "1",
    },
    cwd: "/",
    now: () => STORE_NOW_NS,
    signal,
    openEngine: async () => engine,
  });
  onTestFinished(() => void stdin.end());
  let from = 0;
  const text = (): string => chunks.join("");
  return {
    code,
    text,
    type: (keys: string) => void stdin.write(keys),
    /** Waits for a text after what was waited for before. */
    async shows(part: string): Promise<void> {
      await expect.poll(text, { timeout: 20_000, interval: 20 }).toSatisfy((all: string) => all.includes(part, from));
      from = text().indexOf(part, from) + part.length;
    },
  };
}
