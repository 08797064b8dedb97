import * as fc from "fast-check";
import { expect, test } from "vitest";
import { addressEnd, addressStart } from "../../../agent/filter/ipv4.ts";
import { SECRETS } from "../../../agent/filter/secrets.ts";

const INSTEAD = "‹ip›";
const { redact } = SECRETS.find(({ name }) => name === "ipv4")!;

/** The text without the addresses that are found dot by dot, in bytes that go on before and behind it. */
function written(text: string): string {
  const bytes = Buffer.from(`9.${text}.9`);
  const [from, to] = [2, bytes.length - 2];
  const pieces: Buffer[] = [];
  let copied = from;
  for (let dot = bytes.indexOf(".", from); dot >= 0 && dot < to; dot = bytes.indexOf(".", dot + 1)) {
    const start = dot < copied ? -1 : addressStart(bytes, dot, from);
    const end = start < 0 ? -1 : addressEnd(bytes, start, to);
    if (end < 0) continue;
    pieces.push(bytes.subarray(copied, start), Buffer.from(INSTEAD));
    copied = end;
  }
  return Buffer.concat([...pieces, bytes.subarray(copied, to)]).toString();
}

test("addresses are found in bytes as the pattern finds them in a text, whatever lies around the message", () => {
  const piece = fc.constantFrom(
    "1.2.3.4",
    "10.0.0.255",
    "256",
    "1",
    "25",
    "099",
    ".",
    ".",
    "..",
    "0",
    "a",
    " ",
    "ü",
    ":80",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join("");
      expect(written(text)).toBe(redact(text, INSTEAD));
    }),
    { numRuns: 3000 },
  );
});
