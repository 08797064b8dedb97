import { afterEach, expect, test, vi } from "vitest";
import { Fault, retrying, type OnAnswer } from "../../../agent/output/retry.ts";
import { recordingLogger } from "../fixture.ts";

afterEach(() => void vi.restoreAllMocks());

/** A port of one call, which meets the faults and then succeeds; random is always at its most. */
function bed(faults: readonly (Fault | Error)[], stop = new AbortController()) {
  vi.spyOn(Math, "random").mockReturnValue(1);
  const { log, lines } = recordingLogger();
  const delays: number[] = [];
  const left = [...faults];
  const heard: string[] = [];
  const onAnswer: OnAnswer = (each, isRepeated) =>
    void heard.push(`${each?.code ?? "ok"}${isRepeated ? " again" : ""}`);
  const call = async (value: string): Promise<string> => {
    const fault = left.shift();
    if (fault !== undefined) throw fault;
    return await Promise.resolve(value);
  };
  const wait = async (delayMs: number): Promise<number> => await Promise.resolve(delays.push(delayMs));
  return {
    port: retrying({ call }, { signal: stop.signal, log, output: "out", said: new Set(), wait, onAnswer }),
    delays,
    heard,
    lines,
    stop,
    left,
  };
}

const fault = (kind: Fault["kind"], code = "Code") => new Fault(kind, code, `${code}: words`, undefined);
const many = (kind: Fault["kind"], count: number) => Array.from({ length: count }, () => fault(kind));

test("a call is repeated until it succeeds, with delays that double up to a cap", async () => {
  const { port, delays } = bed(many("retryable", 12));
  expect(await port.call("done")).toBe("done");
  expect(delays).toEqual([200, 400, 800, 1600, 3200, 6400, 12_800, 20_000, 20_000, 20_000, 20_000, 20_000]);
});

test("every request is heard of: its fault, and whether it repeats one", async () => {
  const { port, heard } = bed([fault("throttled", "SlowDown"), fault("permanent", "AccessDenied")]);
  await port.call("");
  await port.call("");
  expect(heard).toEqual(["SlowDown", "AccessDenied again", "ok again", "ok"]);
});

test("a service that throttles is asked less often, one that refuses rarely", async () => {
  const throttled = bed(many("throttled", 7));
  await throttled.port.call("");
  expect(throttled.delays).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  const permanent = bed(many("permanent", 6));
  await permanent.port.call("");
  expect(permanent.delays).toEqual([5000, 10_000, 20_000, 40_000, 60_000, 60_000]);
});

test("delays are drawn from nothing up to the whole", async () => {
  const { port, delays } = bed(many("retryable", 2));
  vi.spyOn(Math, "random").mockReturnValue(0);
  await port.call("");
  expect(delays).toEqual([0, 0]);
});

test("faults that pass are not news, those that stay are a warning", async () => {
  const passing = bed(many("retryable", 3));
  await passing.port.call("");
  expect(passing.lines.map(({ level }) => level)).toEqual(["debug", "debug", "debug"]);
  const staying = bed(many("throttled", 5));
  await staying.port.call("");
  expect(staying.lines.map(({ level }) => level)).toEqual(["debug", "debug", "debug", "warn", "warn"]);
});

test("a permanent fault is an error once, and again only after a success", async () => {
  const { port, lines, left } = bed([...many("permanent", 3), fault("permanent", "Other")]);
  await port.call("");
  expect(lines.map(({ level, fields }) => [level, fields["code"]])).toEqual([
    ["error", "Code"],
    ["error", "Other"],
  ]);
  expect(lines[0]?.fields).toMatchObject({ output: "out", reason: "Code: words", tries: 1, retryInMs: 5000 });
  left.push(fault("permanent"));
  await port.call("");
  expect(lines).toHaveLength(3);
});

test("an error that no adapter classified is passed on", async () => {
  const { port, delays } = bed([new TypeError("a bug")]);
  await expect(port.call("")).rejects.toThrow("a bug");
  expect(delays).toEqual([]);
});

test("no call and no try is begun after the signal", async () => {
  const stop = new AbortController();
  const { port, left } = bed(many("retryable", 2), stop);
  stop.abort();
  await expect(port.call("")).rejects.toThrow("aborted");
  expect(left).toHaveLength(2);
});
