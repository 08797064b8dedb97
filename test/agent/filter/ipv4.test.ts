import * as fc from "fast-check";
import { expect, test } from "vitest";
import { room, writeWithoutIpv4 } from "../../../agent/filter/ipv4.ts";
import { SECRETS } from "../../../agent/filter/secrets.ts";

const INSTEAD = Buffer.from("‹ip›");
const { redact } = SECRETS.find(({ name }) => name === "ipv4")!;

function written(text: string): string {
  const bytes = Buffer.from(`9.${text}.9`);
  const target = Buffer.alloc(room(bytes.length, INSTEAD));
  const length = writeWithoutIpv4(bytes, 2, bytes.length - 2, target, INSTEAD);
  return length < 0 ? text : target.toString("utf8", 0, length);
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
      expect(written(text)).toBe(redact(text, "‹ip›"));
    }),
    { numRuns: 3000 },
  );
});
