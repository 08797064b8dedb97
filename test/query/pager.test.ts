import { Writable } from "node:stream";
import { expect, test } from "vitest";
import type { CliIo } from "../../query/cli-io.ts";
import { openOutput } from "../../query/output.ts";
import { pagedOutput } from "../../query/pager.ts";

test("what fits the terminal is written as it is, at the end", async () => {
  const { out, terminal, started } = setUp();
  await out.write("a\nb\n");
  expect(terminal.text).toBe("");
  await out.flush();
  expect({ text: terminal.text, started }).toEqual({ text: "a\nb\n", started: [] });
});

test("more than a screen goes through the pager, all of it, and the end waits for the user", async () => {
  const { out, terminal, pager, started } = setUp({ PAGER: "more -s" });
  await out.write("1\n2\n3\n");
  await out.write("4\n5\n");
  await out.write("6\n");
  expect({ started, text: pager.text }).toEqual({ started: ["more -s"], text: "1\n2\n3\n4\n5\n6\n" });
  let isOver = false;
  const flushed = out.flush().then(() => (isOver = true));
  await pager.ended;
  expect(isOver).toBe(false);
  pager.leave();
  await flushed;
  expect(terminal.text).toBe("");
});

test("a line that wraps counts as the lines that it takes", async () => {
  const { out, started } = setUp();
  await out.write(`${"x".repeat(100)}\n`);
  expect(started).toEqual(["less -RFX 2>/dev/null || cat"]);
});

test("a user who leaves the pager ends the query", async () => {
  const { out, pager } = setUp();
  await out.write("1\n2\n3\n4\n5\n");
  pager.stdin.destroy(Object.assign(new Error("gone"), { code: "EPIPE" }));
  await expect.poll(() => out.closed.aborted).toBe(true);
});

test.each([{ PAGER: "cat" }, { PAGER: "" }])("%o is no pager", async (env) => {
  const { out, terminal } = setUp(env);
  await out.write("1\n2\n3\n4\n5\n");
  expect(terminal.text).toBe("1\n2\n3\n4\n5\n");
});

test("a pipe has no pager", async () => {
  const { out, terminal, started } = setUp({}, false);
  await out.write("1\n2\n3\n4\n5\n");
  expect({ text: terminal.text, started }).toEqual({ text: "1\n2\n3\n4\n5\n", started: [] });
});

/** A terminal of 5 lines of 20 characters. */
function setUp(env: Record<string, string> = {}, isTTY = true) {
  const terminal = recorder();
  const started: string[] = [];
  const stdin = recorder();
  const { promise: left, resolve: leave } = Promise.withResolvers<void>();
  const ended = new Promise<void>((done) => stdin.stream.once("finish", done));
  const stdout = Object.assign(terminal.stream, { isTTY, columns: 20, rows: 5 });
  const openPager = (command: string) => {
    started.push(command);
    return { stdin: stdin.stream, ended: left };
  };
  const io = { stdout, env, openPager } as unknown as CliIo;
  const pager = {
    stdin: stdin.stream,
    ended,
    leave,
    get text() {
      return stdin.text;
    },
  };
  return { out: pagedOutput(openOutput(stdout), io), terminal, started, pager };
}

function recorder() {
  const state = { text: "", stream: new Writable() };
  state.stream = new Writable({
    write(chunk: Buffer, _, done) {
      state.text += String(chunk);
      done();
    },
  });
  return state;
}
