import { assert, property, string } from "fast-check";
import { describe, expect, test } from "vitest";

import { DockerLine } from "../../../agent/parser/docker.ts";

const TIME = "2026-11-21T05:47:53.123456789Z";

/** What a line says, parsed somewhere inside a buffer. */
function parse(line: string): object | null {
  const bytes = Buffer.from(`before\n${line}\nafter`);
  const start = "before\n".length;
  const docker = new DockerLine();
  const whole = Buffer.from(bytes);
  if (!docker.parse(bytes, start, bytes.length - "\nafter".length))
    return bytes.equals(whole) ? null : { changed: bytes.toString() };
  const { seconds, nanos, stream, partial, message, messageEnd } = docker;
  return { seconds, nanos, stream, partial, log: bytes.toString("utf8", message, messageEnd) };
}

const AT = { seconds: Date.parse("2026-11-21T05:47:53Z") / 1000, nanos: 123_456_789 };

describe("a line of Docker's json-file driver", () => {
  test.each([
    [String.raw`{"log":"hi\n","stream":"stdout","time":"${TIME}"}`, { stream: 1, partial: false, log: "hi" }],
    [String.raw`{"log":"\n","stream":"stderr","time":"${TIME}"}`, { stream: 2, partial: false, log: "" }],
    [String.raw`{"log":"","stream":"stderr","time":"${TIME}"}`, { stream: 2, partial: true, log: "" }],
    [String.raw`{"log":"part","stream":"stdout","time":"${TIME}"}`, { stream: 1, partial: true, log: "part" }],
    [String.raw`{"log":"a\\n","stream":"stdout","time":"${TIME}"}`, { stream: 1, partial: true, log: String.raw`a\n` }],
    [
      String.raw`{"log":"\"\t\u003c\u00e9\ud83d\ude00é/\\\n","stream":"stdout","time":"${TIME}"}`,
      { stream: 1, partial: false, log: '"\t<é😀é/\\' },
    ],
    [
      String.raw`{"log":"\ud83dx\udc00\n","stream":"stdout","time":"${TIME}"}`,
      { stream: 1, partial: false, log: "\uFFFDx\uFFFD" },
    ],
    [
      String.raw`{"log":"hi\n","stream":"stdout","attrs":{"tag":"x\"}"},"time":"${TIME}"}  `,
      { stream: 1, partial: false, log: "hi" },
    ],
  ])("%s", (line, expected) => {
    expect(parse(line)).toEqual({ ...AT, ...expected });
  });

  test.each([
    "",
    "hi",
    '{"log":"hi',
    String.raw`{"log":"hi\n","stream":"stdin!","time":"${TIME}"}`,
    String.raw`{"log":"hi\n","stream":"stdout"}`,
    String.raw`{"log":"hi\n","stream":"stdout","time":"soon"}`,
    String.raw`{"log":"hi\n","stream":"stdout","time":"${TIME}"`,
    String.raw`{"log":"hi\n","stream":"stdout","time":"${TIME}","more":1}`,
    `${TIME} stdout F hi`,
  ])("is not %s, which stays as it is", (line) => {
    expect(parse(line)).toBeNull();
  });

  test("gives back any message", () => {
    assert(
      property(string({ unit: "grapheme" }), (log) => {
        const line = JSON.stringify({ log: `${log}\n`, stream: "stdout", time: TIME });
        expect(parse(line)).toMatchObject({ partial: false, log });
      }),
    );
  });
});
