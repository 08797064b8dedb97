import { expect, test } from "vitest";

import { Assembler } from "../../../agent/parser/assembler.ts";
import { originOfFile, recordsOf, T0_MS, type SeenRecord } from "../fixture.ts";
import { recordsFrom } from "./multiline/records.ts";

function docker(stream: "stdout" | "stderr", log: string, atMs = T0_MS): string {
  return `${JSON.stringify({ log, stream, time: new Date(atMs).toISOString() })}\n`;
}

const framing = "docker";

test("lines of Docker's driver give message, stream and time", () => {
  const text = docker("stdout", 'say "é"\n') + docker("stderr", "[error] no\r\n", T0_MS + 1000);
  const { records, rawBytes } = recordsFrom(text, [], { framing });
  expect(records).toMatchObject([
    { stream: "stdout", log: 'say "é"', ms: T0_MS, pos: 0 },
    { stream: "stderr", log: "[error] no", ms: T0_MS + 1000 },
  ]);
  expect(rawBytes.reduce((sum, bytes) => sum + bytes)).toBe(Buffer.byteLength(text));
});

test("lines without their newline are joined per stream", () => {
  const text = docker("stdout", "a\tb ") + docker("stderr", "err\n") + docker("stdout", "c\n");
  expect(recordsFrom(text, [], { framing }).logs).toEqual(["err", "a\tb c"]);
});

test("a line that has to wait for a batch is not read twice", () => {
  const hour = 3_600_000;
  const text = [0, 1, 2].map((hours) => docker("stdout", `\\n \\u0041 ${hours}\n`, T0_MS + hours * hour)).join("");
  expect(recordsFrom(text, [], { framing }).logs).toEqual([0, 1, 2].map((hours) => `\\n \\u0041 ${hours}`));
});

test("stack traces are joined by their unescaped text", () => {
  const text = ["java.lang.Error: x\n", "\tat a.B.c(B.java:1)\n", "next\n"]
    .map((log) => docker("stderr", log))
    .join("");
  expect(recordsFrom(text, ["java"], { framing }).logs).toEqual(["java.lang.Error: x\n\tat a.B.c(B.java:1)", "next"]);
});

test("a line in another form counts as plain, and is counted", () => {
  const { logs, assembler } = recordsFrom(`plain\n${docker("stdout", "x\n")}`, [], { framing });
  expect(logs).toEqual(["plain", "x"]);
  expect(assembler.counters.unparsed).toBe(1);
});

test("what is open is taken up by the next shipment", () => {
  const bytes = Buffer.from(docker("stdout", "é1 ") + docker("stdout", "2\n"));
  const source = { id: "file-1", origin: originOfFile("file-1") };
  const end = bytes.indexOf(10) + 1;
  const first = new Assembler(source, { framing }, T0_MS);
  const options = { torn: false, pieces: false, valid: true };
  expect(first.consume(Buffer.from(bytes), 0, end, 0, options)).toBe(end);
  const [open] = first.state(end).open;
  const next = new Assembler(source, { framing }, T0_MS);
  const [fragment] = open!.fragments;
  next.resume(open!, Buffer.from(bytes.subarray(fragment!.start, fragment!.end)), fragment!, source.origin);
  next.consume(Buffer.from(bytes), end, bytes.length, 0, options);
  const records: SeenRecord[] = recordsOf(next.take());
  expect(records.map(({ log }) => log)).toEqual(["é1 2"]);
});
