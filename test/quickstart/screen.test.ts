import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { createScreen } from "../../quickstart/screen.ts";

test("off a terminal a status is a plain line, the first and the last one of a quick row of them", () => {
  const [screen, text] = screenOn({});
  for (const status of ["one", "two", "three"]) screen.status(status);
  screen.print("done");
  expect(text()).toBe("one\nthree\ndone\n");
});

test("on a terminal a status takes the place of the one before, and is cut to the width", () => {
  const [screen, text] = screenOn({ isTTY: true, columns: 10 });
  screen.status("first");
  screen.status("a longer status");
  screen.print("done");
  expect(text()).toBe("\r\x1b[2Kfirst\r\x1b[2Ka longer…\ndone\n");
});

test("no escape codes reach what is no terminal", () => {
  const [screen, text] = screenOn({});
  screen.heading("Heading");
  screen.command('logq "select 1"');
  expect(text()).toBe('\nHeading\n\n$ logq "select 1"\n');
});

function screenOn(terminal: { isTTY?: true; columns?: number }): [ReturnType<typeof createScreen>, () => string] {
  let text = "";
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  return [createScreen(Object.assign(stream, terminal)), () => text];
}
