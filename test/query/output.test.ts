import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { openOutput } from "../../query/output.ts";

test("a write waits until the stream has taken the text", async () => {
  const taken: string[] = [];
  const releases: (() => void)[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      taken.push(String(chunk));
      releases.push(() => done());
    },
  });
  const output = openOutput(stream);
  let written = false;
  const write = output.write("a").then(() => (written = true));
  await Promise.resolve();
  expect(written).toBe(false);
  releases[0]!();
  await write;
  expect(taken).toEqual(["a"]);
});

test("a closed pipe ends writing quietly and tells the query", async () => {
  const output = openOutput(failing("EPIPE"));
  await output.write("a");
  await output.write("b");
  await output.flush();
  expect(output.closed.aborted).toBe(true);
});

test("a full disk is an error that says so", async () => {
  const output = openOutput(failing("ENOSPC"));
  const refusal = expect.objectContaining({ message: "cannot write the result: ENOSPC happened", exitCode: 4 });
  await expect(output.write("a")).rejects.toThrow(refusal);
});

test("a pipe that breaks between writes is noticed", async () => {
  const stream = new Writable({ write: (_chunk, _encoding, done) => done() });
  const output = openOutput(stream);
  const closed = new Promise((resolve) => output.closed.addEventListener("abort", resolve));
  stream.destroy();
  await closed;
  await expect(output.write("nobody reads this")).resolves.toBeUndefined();
});

test("a failure between writes is not taken for a closed pipe", async () => {
  const stream = new Writable({ write: (_chunk, _encoding, done) => done() });
  const output = openOutput(stream);
  const closed = new Promise((resolve) => output.closed.addEventListener("abort", resolve));
  stream.destroy(Object.assign(new Error("EIO happened"), { code: "EIO" }));
  await closed;
  await expect(output.flush()).rejects.toThrow("cannot write the result: EIO happened");
});

function failing(code: string): Writable {
  return new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error(`${code} happened`), { code })),
  });
}
