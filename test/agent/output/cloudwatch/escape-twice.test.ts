import { expect, test } from "vitest";
import { measureTwice, MOST, writeTwice } from "../../../../agent/output/cloudwatch/escape-twice.ts";

/** Escapes a text twice: the result, what stands around it, and its sizes. */
function twice(text: string) {
  const source = Buffer.from(`<${text}>`);
  const [from, to] = [1, source.length - 1];
  const [written, measured] = [
    { once: 0, twice: 0 },
    { once: 0, twice: 0 },
  ];
  const target = Buffer.alloc(1 + source.length * MOST.twice, "#");
  writeTwice(target, 1, source, from, to, written);
  measureTwice(source, from, to, measured);
  return { text: target.toString("utf8", 1, 1 + written.twice), before: target[0], written, measured };
}

/** As `JSON.stringify` does it. */
function expected(text: string) {
  const once = JSON.stringify(text).slice(1, -1);
  const result = JSON.stringify(once).slice(1, -1);
  const sizes = { once: Buffer.byteLength(once), twice: Buffer.byteLength(result) };
  return { text: result, before: 0x23, written: sizes, measured: sizes };
}

test("every character is escaped as a JSON string in a JSON string, wherever it stands", () => {
  for (let code = 0; code < 0x100; code++) {
    const char = String.fromCharCode(code);
    for (const text of [
      char,
      `a${char}`,
      `abc${char}d`,
      `${char}${char}${char}${char}${char}`,
      `abcd${char}efghi${char}`,
    ])
      expect(twice(text)).toEqual(expected(text));
  }
});

test("what is UTF-8 is copied, and nothing becomes nothing", () => {
  for (const text of ["", "é", "日志", "😀 \u2028 \u{10ffff}", 'a "quoted" C:\\path\tand\u0007 more'])
    expect(twice(text)).toEqual(expected(text));
});
