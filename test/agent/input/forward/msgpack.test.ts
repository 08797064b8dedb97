import { decode, encode, ExtData } from "@msgpack/msgpack";
import {
  array,
  assert,
  boolean,
  constant,
  dictionary,
  double,
  integer,
  letrec,
  maxSafeInteger,
  oneof,
  property,
  string,
  uint8Array,
} from "fast-check";
import { describe, expect, test } from "vitest";

import { MsgpackReader, MalformedError, pack, ValueScanner } from "../../../../agent/input/forward/msgpack.ts";

/** By an encoder of others. */
function encoded(value: unknown): Buffer {
  return Buffer.from(encode(value));
}

/** Whatever a log record may hold; -0 and NaN are no JSON. */
const VALUES = letrec<{ value: unknown }>((tie) => ({
  value: oneof(
    { maxDepth: 4 },
    constant(null),
    boolean(),
    integer(),
    maxSafeInteger(),
    double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
    string({ unit: "grapheme" }),
    string({ minLength: 200, maxLength: 70_000 }),
    array(tie("value"), { maxLength: 20 }),
    dictionary(string(), tie("value"), { maxKeys: 20, noNullPrototype: true }),
  ),
})).value;

describe("MsgpackReader", () => {
  test("reads what an encoder of others has written", () => {
    assert(
      property(VALUES, (value) => {
        const bytes = encoded(value);
        const reader = new MsgpackReader(bytes);
        expect(reader.value()).toStrictEqual(value);
        expect(reader.at).toBe(bytes.length);
      }),
      { numRuns: 300 },
    );
  });

  test("whole numbers of 64 bits keep their digits", () => {
    const bytes = Buffer.from("cfffffffffffffffff", "hex");
    expect(JSON.stringify(new MsgpackReader(bytes).value())).toBe("18446744073709551615");
    expect(JSON.stringify(new MsgpackReader(Buffer.from("d38000000000000000", "hex")).value())).toBe(
      "-9223372036854775808",
    );
  });

  test("bytes are read as text, extensions in base64, keys of any kind as text", () => {
    const reader = new MsgpackReader(
      Buffer.concat([encoded(Buffer.from("raw")), encoded(new ExtData(5, Buffer.from("x")))]),
    );
    expect(reader.value()).toBe("raw");
    expect(reader.value()).toBe("eA==");
    expect(new MsgpackReader(Buffer.from("8205a161c3a162", "hex")).value()).toEqual({ 5: "a", true: "b" });
  });

  test("a field __proto__ is a field", () => {
    const value = new MsgpackReader(encoded(JSON.parse('{"a":{"__proto__":{"polluted":1}}}'))).value();
    expect(JSON.stringify(value)).toBe('{"a":{"__proto__":{"polluted":1}}}');
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test("whatever bytes come, it gives a value, or MalformedError", () => {
    assert(
      property(uint8Array({ maxLength: 200 }), (noise) => {
        try {
          new MsgpackReader(Buffer.from(noise)).value();
        } catch (error) {
          if (!(error instanceof MalformedError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("a text, an array or a map that says it is larger than what there is takes no memory", () => {
    for (const head of ["dbffffffff", "c6ffffffff", "ddffffffff", "dfffffffff", "c9ffffffff01"])
      expect(() => new MsgpackReader(Buffer.from(head, "hex")).value()).toThrow(MalformedError);
  });

  test("a value that is thousands of levels deep is refused, read or skipped", () => {
    for (const open of ["91", "81a161"]) {
      const bytes = Buffer.from(`${open.repeat(100_000)}c0`, "hex");
      expect(() => new MsgpackReader(bytes).value()).toThrow("32 levels");
      expect(() => new MsgpackReader(bytes).skip()).toThrow("32 levels");
    }
  });

  test("skipping a value goes to its end and counts what is inside", () => {
    assert(
      property(VALUES, (value) => {
        const bytes = Buffer.concat([encoded(value), encoded("behind")]);
        const reader = new MsgpackReader(bytes);
        expect(reader.skip()).toBe(countOf(value));
        expect(reader.value()).toBe("behind");
      }),
    );
  });
});

describe("ValueScanner", () => {
  test("finds the end of a value whose bytes come one by one, and not before it", () => {
    assert(
      property(VALUES, (value) => {
        const bytes = encoded(value);
        const scanner = new ValueScanner();
        const steps = bytes.length > 300 ? [1, 2, 3, 4, 5, 6, bytes.length - 1] : [...bytes.keys()];
        for (const have of steps.filter((each) => each < bytes.length)) {
          expect(scanner.scan(bytes, 0, have)).toBe(-1);
          expect(scanner.bytesMin).toBeLessThanOrEqual(bytes.length);
        }
        expect(scanner.scan(bytes, 0, bytes.length)).toBe(bytes.length);
      }),
    );
  });

  test("knows by its first bytes that a value is too large", () => {
    const scanner = new ValueScanner();
    expect(scanner.scan(Buffer.from("93a174dddddddd", "hex"), 0, 7)).toBe(-1);
    expect(scanner.scan(Buffer.from("93a174dd05f5e100", "hex"), 0, 8)).toBe(-1);
    expect(scanner.bytesMin).toBeGreaterThan(100_000_000);
  });
});

test("what is packed is what a reader reads", () => {
  const message = ["PONG", true, "", "host", "f".repeat(128)];
  expect(new MsgpackReader(pack(message)).value()).toEqual(message);
  const decoded = decode(pack({ nonce: Buffer.from("id"), deep: [false] })) as Record<string, unknown>;
  expect(decoded).toMatchObject({ deep: [false] });
  expect(Buffer.from(decoded["nonce"] as Uint8Array).toString()).toBe("id");
});

function countOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 1;
  const keys = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce<number>((sum, each) => sum + countOf(each), 1 + keys);
}
