import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { faultyFiles } from "../helpers/faulty-files.ts";
import { openBed } from "./bed.ts";
import { append, cri, T0_MS } from "./fixture.ts";

const line = (text: string) => cri("stdout", "F", text);

afterEach(() => void vi.useRealTimers());

test.each([
  ["EACCES", "openSync", 0],
  ["EIO", "readSync", 0],
  ["EIO", "readSync", 1],
] as const)(
  "a file that fails with %s at %s (call %i) holds up no other, and is read once it can be",
  async (code, op, skip) => {
    vi.useFakeTimers({ toFake: ["performance"] });
    using files = await faultyFiles();
    await using bed = await openBed();
    append(join(bed.logs, "a.log"), line("a1") + line("x".repeat(300_000)) + line("a2"));
    append(join(bed.logs, "b.log"), line("b"));
    await bed.tail.discover(T0_MS);
    const [bad] = [...bed.tail.files.keys()];
    const fault = files.fail({ op, path: new RegExp(`${bad}\\.log$`), code, skip });
    await bed.run(T0_MS);
    expect(bed.logsShipped()).toEqual(["b"]);
    const said = () => bed.lines.filter(({ text }) => text.startsWith("cannot read a file"));
    expect(said()).toMatchObject([{ level: "error", fields: { path: join(bed.logs, "a.log"), retryInMs: 1000 } }]);

    const { hits } = fault;
    await bed.run(T0_MS + 500);
    expect([fault.hits, said().length]).toEqual([hits, 1]);
    vi.advanceTimersByTime(1000);
    await bed.run(T0_MS + 1000);
    expect(said()).toHaveLength(2);
    files.heal();
    vi.advanceTimersByTime(2000);
    await bed.run(T0_MS + 3000);
    expect(bed.logsShipped()).toEqual(["b", "a1", "x".repeat(300_000), "a2"]);
    expect(bed.ledger.accounts()[0]).toMatchObject({ errorBytes: 0, total: { pending: 0, lost: 0 } });
  },
);

test("an error of the output is not taken for one of the file", async () => {
  await using bed = await openBed();
  append(join(bed.logs, "a.log"), line("a"));
  const begin = bed.output.begin.bind(bed.output);
  bed.output.begin = (header, signal) => ({
    ...begin(header, signal),
    accept: () => Promise.reject(Object.assign(new Error("ENOSPC: staging is full"), { syscall: "write" })),
  });
  await expect(bed.run(T0_MS)).rejects.toThrow("staging is full");
});

test("an interrupted shipment waits for a file that can't be read now: it may not leave it out", async () => {
  using files = await faultyFiles();
  await using bed = await openBed();
  append(join(bed.logs, "a.log"), line("a"));
  append(join(bed.logs, "b.log"), line("b"));
  bed.output.failing.add("publish");
  await expect(bed.run(T0_MS)).rejects.toThrow("publish fails");
  bed.output.failing.clear();
  const [bad] = [...bed.tail.files.keys()];
  files.fail({ op: "openSync", path: new RegExp(`${bad}\\.log$`), code: "EIO" });
  await expect(bed.run(T0_MS + 1000)).rejects.toThrow("EIO");
  expect(bed.logsShipped()).toEqual([]);
  files.heal();
  await bed.run(T0_MS + 2000);
  expect(bed.logsShipped()).toEqual(["a", "b"]);
});

test("a folder that can't be listed is known as such until it can be", async () => {
  using files = await faultyFiles();
  await using bed = await openBed();
  files.fail({ op: "readdir", path: new RegExp(`${bed.logs}$`), code: "EACCES" });
  await bed.run(T0_MS);
  expect(bed.tail.unlisted).toEqual([{ path: bed.logs, message: expect.stringContaining("EACCES") }]);
  files.heal();
  await bed.run(T0_MS + 1000);
  expect(bed.tail.unlisted).toEqual([]);
});
