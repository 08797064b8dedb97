import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { createScreen } from "../../quickstart/screen.ts";

test("off a terminal a status is a plain line, the first and the last one of a quick row of them", () => {
  const [screen, text] = screenOn(new PassThrough());
  for (const status of ["one", "two", "three"]) screen.status(status);
  screen.print("done");
  expect(text()).toBe("one\nthree\ndone\n");
});

test("on a terminal a status takes the place of the one before, and is cut to the width", () => {
  const terminal = Object.assign(new PassThrough(), { isTTY: true, columns: 10 });
  const [screen, text] = screenOn(terminal);
  screen.status("first");
  screen.status("a longer status");
  screen.print("done");
  expect(text()).toBe("\r\x1b[2Kfirst\r\x1b[2Ka longer…\ndone\n");
});

test("no escape codes reach what is no terminal", () => {
  const [screen, text] = screenOn(new PassThrough());
  screen.heading("Heading");
  screen.command('logq "select 1"');
  expect(text()).toBe('\nHeading\n\n$ logq "select 1"\n');
});

function screenOn(stream: PassThrough): [ReturnType<typeof createScreen>, () => string] {
  return [createScreen(stream), () => String(stream.read() ?? "")];
}
