import { connect } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { startHttpServer } from "../../../agent/telemetry/server.ts";
import { Telemetry } from "../../../agent/telemetry/telemetry.ts";
import { openBed } from "../bed.ts";
import { append, cri, recordingLogger, T0_MS } from "../fixture.ts";

const HEALTH = { enabled: true, errorsMax: 5, periodMs: 60_000, stuckAfterMs: 300_000 };
const ANY = { listen: "127.0.0.1", port: 0 };

afterEach(() => vi.useRealTimers());

async function serve(telemetry = new Telemetry(recordingLogger().log, HEALTH), reload = () => false) {
  const server = await startHttpServer(ANY, { telemetry, log: recordingLogger().log, reload });
  const get = async (path: string, init?: RequestInit) => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, init);
    return { status: response.status, type: response.headers.get("content-type"), body: await response.text() };
  };
  return { telemetry, get, port: server.port!, [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose]() };
}

/** What a raw connection answers until it is closed. */
async function send(port: number, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let answer = "";
  socket.on("data", (chunk: Buffer) => (answer += chunk.toString("latin1")));
  socket.write(bytes);
  await new Promise((resolve) => socket.once("close", resolve).once("error", resolve));
  return answer;
}

test.each(["/metrics", "/api/v1/metrics/prometheus", "/api/v2/metrics/prometheus", "/metrics/", "/metrics?x=1"])(
  "%s is Prometheus' text",
  async (path) => {
    await using server = await serve();
    const { status, type, body } = await server.get(path);
    expect([status, type]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
    expect(body).toMatch(
      /^# HELP logq_build_info .*\n# TYPE logq_build_info gauge\nlogq_build_info\{version=".+"\} 1\n/,
    );
    // Every sample belongs to a metric that was announced, and every line is of the format.
    const announced = new Set([...body.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name));
    for (const line of body
      .trimEnd()
      .split("\n")
      .filter((each) => !each.startsWith("#"))) {
      const [, name = ""] = /^([a-z_0-9]+)(?:\{.*\})? \S+$/.exec(line) ?? [];
      expect(announced).toContain(name.replace(/_(bucket|sum|count)$/, ""));
    }
  },
);

test("health is Fluent Bit's ok and error, with the reasons on demand", async () => {
  await using server = await serve();
  expect(await server.get("/api/v1/health")).toMatchObject({ status: 200, body: "ok\n" });
  const view = {
    id: "out",
    uploadTimeoutMs: 1000,
    chains: () => [],
    cursors: new Map(),
    incomplete: new Set<string>(),
  };
  server.telemetry.attach(view);
  server.telemetry.statsOf("out").failed(Object.assign(new Error("no bucket"), { kind: "permanent" }), 0, null);
  expect(await server.get("/api/v1/health")).toMatchObject({ status: 500, body: "error\n" });
  const verbose = await server.get("/api/v1/health?verbose");
  expect(verbose.status).toBe(500);
  expect(JSON.parse(verbose.body)).toEqual({
    status: "error",
    reasons: ["output out: somebody must act: no bucket"],
    mounts: [],
  });
});

test("the other paths answer JSON in Fluent Bit's shapes", async () => {
  await using server = await serve();
  expect(JSON.parse((await server.get("/")).body)).toMatchObject({ "logq-agent": { version: expect.any(String) } });
  expect(JSON.parse((await server.get("/api/v1/uptime")).body)).toMatchObject({ uptime_sec: 0 });
  expect(JSON.parse((await server.get("/api/v1/metrics")).body)).toMatchObject({ input: {}, filter: {}, output: {} });
});

test("figures of a shipment are in the metrics, and its file's account in /api/v1/files", async () => {
  await using bed = await openBed();
  append(`${bed.logs}/a.log`, cri("stdout", "F", "one"));
  await bed.run(T0_MS);
  const telemetry = new Telemetry(recordingLogger().log, HEALTH);
  await using server = await serve(Object.assign(telemetry, { ledger: bed.ledger }));
  const { body } = await server.get("/metrics");
  expect(body).toContain('\nlogq_output_delivered_records_total{output="fake"} 1\n');
  expect(body).toContain('\nlogq_conservation_error_bytes{output="fake"} 0\n');
  const [account] = JSON.parse((await server.get("/api/v1/files")).body) as { files: object[] }[];
  expect(account!.files).toMatchObject([{ path: `${bed.logs}/a.log`, pending: 0, lost: 0 }]);
});

test.each([
  ["an unknown path", "GET", "/nothing", 404],
  ["a path that is a property of objects", "GET", "/constructor", 404],
  ["a method that changes things", "POST", "/metrics", 405],
])("%s is refused", async (_, method, path, status) => {
  await using server = await serve();
  expect((await server.get(path, { method })).status).toBe(status);
});

test("garbage gets a 400, and the next request is served", async () => {
  await using server = await serve();
  expect(await send(server.port, "\u0001\u0002 garbage\r\n\r\n")).toMatch(/^HTTP\/1.1 400 /);
  expect(await send(server.port, "GET //[::1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")).toMatch(
    /^HTTP\/1.1 404 /,
  );
  expect(await send(server.port, `GET /${"a".repeat(20_000)} HTTP/1.1\r\n\r\n`)).toMatch(/^HTTP\/1.1 431 /);
  expect((await server.get("/metrics")).status).toBe(200);
});

test("a client that never ends its request does not keep the server from ending", async () => {
  const server = await serve();
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => undefined);
  const closed = new Promise((resolve) => socket.once("close", () => resolve("cut off")));
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  socket.write("GET / HTTP/1.1\r\n");
  // What it sent has arrived once a later request is answered.
  await server.get("/");
  const fromMs = performance.now();
  await server[Symbol.asyncDispose]();
  expect(await closed).toBe("cut off");
  // Not only when its time is up.
  expect(performance.now() - fromMs).toBeLessThan(2500);
});

test("clients that connect and say nothing keep nobody out, and are not collected", async () => {
  await using server = await serve();
  let closed = 0;
  const idle = Array.from({ length: 100 }, () => {
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => undefined).once("close", () => closed++);
    socket.write("GET /metrics HTTP/1.1\r\nhost: x\r\n");
    return socket;
  });
  expect((await server.get("/api/v1/health")).status).toBe(200);
  await vi.waitFor(() => expect(closed).toBeGreaterThanOrEqual(100 - 32), { timeout: 10_000 });
  expect((await server.get("/api/v1/health")).status).toBe(200);
  for (const socket of idle) socket.destroy();
});

test.each(["CONNECT", "TRACE", "PUT", "DELETE", "OPTIONS", "PATCH"])("%s is refused", async (method) => {
  await using server = await serve();
  const answer = await send(server.port, `${method} /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
  // Of CONNECT nothing is answered: the connection ends.
  expect(answer).toMatch(method === "CONNECT" ? /^$/ : /^HTTP\/1.1 405 /);
});

test("headers without an end are cut off", async () => {
  await using server = await serve();
  const header = "x-a: b\r\n".repeat(5000);
  expect(await send(server.port, `GET /metrics HTTP/1.1\r\n${header}`)).toMatch(/^HTTP\/1.1 431 /);
});

test("an address that is taken is an error line that names it, and is tried again until it is free", async () => {
  const first = await serve();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const { log, lines } = recordingLogger();
  const telemetry = new Telemetry(log, HEALTH);
  await using second = await startHttpServer(
    { listen: "127.0.0.1", port: first.port },
    { telemetry, log, reload: () => false },
  );
  expect(second.port).toBeNull();
  expect(lines).toMatchObject([{ level: "error", text: expect.stringContaining(`127.0.0.1:${first.port}`) }]);
  await first[Symbol.asyncDispose]();
  vi.advanceTimersByTime(10_000);
  vi.useRealTimers();
  await expect.poll(() => second.port).toBe(first.port);
});

test.each(["POST", "PUT"])("%s /api/v2/reload asks for a reload, and is refused where that is off", async (method) => {
  let asked = 0;
  await using on = await serve(undefined, () => ++asked > 0);
  const { status, body } = await on.get("/api/v2/reload", { method, body: "{}" });
  expect([status, JSON.parse(body), asked]).toEqual([200, { reload: "done", status: 0 }, 1]);
  on.telemetry.reloads = 3;
  expect(JSON.parse((await on.get("/api/v2/reload")).body)).toEqual({ hot_reload_count: 3 });
  expect(asked).toBe(1);
  await using off = await serve();
  expect(await off.get("/api/v2/reload", { method })).toMatchObject({
    status: 400,
    body: expect.stringContaining("not enabled"),
  });
});
