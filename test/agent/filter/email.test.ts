import * as fc from "fast-check";
import { expect, test } from "vitest";
import { emailEnd, emailStart, mayBeUrlPassword } from "../../../agent/filter/email.ts";
import { SECRETS } from "../../../agent/filter/secrets.ts";

const patternOf = (name: string) => SECRETS.find((secret) => secret.name === name)!.redact;

/** The text, one character for each byte, without the addresses that are found `@` by `@`. */
function written(text: string): string {
  const bytes = Buffer.from(`a${text}b.cc`, "latin1");
  const to = bytes.length - 4;
  let left = "";
  let copied = 1;
  for (let at = bytes.indexOf("@", 1); at >= 0 && at < to; at = bytes.indexOf("@", at + 1)) {
    const end = emailEnd(bytes, at, to);
    const start = end < 0 ? at : emailStart(bytes, at, copied);
    if (start === at) continue;
    left += `${bytes.toString("latin1", copied, start)}<>`;
    copied = end;
  }
  return left + bytes.toString("latin1", copied, to);
}

const pieces = fc.array(
  fc.constantFrom("a", "Bc", "9", "@", "@", ".", ".", "-", "_", "+", " ", "é", "/", ":", "//", "x".repeat(63), "<"),
  { maxLength: 24 },
);

test("e-mail addresses are found in bytes as the pattern finds them in a text, whatever lies around the message", () => {
  const { length } = "x".repeat(320);
  fc.assert(
    fc.property(pieces, fc.constantFrom("", "n".repeat(length - 1), "n".repeat(length + 1)), (some, name) => {
      const text = `${name}${some.join("")}`;
      expect(written(text)).toBe(patternOf("email")(text, "<>"));
    }),
    { numRuns: 5000 },
  );
});

test("no password of a URL is missed, and none found where nothing looks like one", () => {
  const parts = fc.array(fc.constantFrom("://", ":", "/", "u", "pw", "@", " ", "é", "?"), { maxLength: 10 });
  const seen = fc.sample(parts, { numRuns: 5000 }).map((some) => {
    const text = some.join("");
    const bytes = Buffer.from(text);
    const isFound = [...bytes.keys()].some((at) => bytes[at] === 64 && mayBeUrlPassword(bytes, at, 0));
    return { text, isFound, isThere: patternOf("url_password")(text, "<>") !== text };
  });
  expect(seen.filter(({ isThere, isFound }) => isThere && !isFound)).toEqual([]);
  expect(seen.filter(({ text, isFound }) => isFound && !text.includes("//"))).toEqual([]);
  expect(seen.some(({ isThere }) => isThere)).toBe(true);
});
