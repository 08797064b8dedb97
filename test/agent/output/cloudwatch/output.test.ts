import { expect, test } from "vitest";
import type { Outcome } from "../../../../agent/output/output.ts";
import type { CloudWatchFault } from "../../../servers/cloudwatch-server.ts";
import { startCloudWatchServer, type CloudWatchServer } from "../../../servers/cloudwatch-server.ts";
import { T0_MS } from "../../fixture.ts";
import { openCloudWatch, rowsOf } from "./bed.ts";

type Bed = ReturnType<typeof openCloudWatch>;

const start = async (options = {}) => await startCloudWatchServer({ now: () => T0_MS, ...options });

async function ship(bed: Bed, files: readonly ReturnType<typeof rowsOf>[]): Promise<Outcome> {
  const delivery = bed.begin();
  for (const { batch, source } of files) expect(await delivery.accept(batch, source)).toBe(true);
  await delivery.seal();
  return (await delivery.publish()) as Outcome;
}

const messagesOf = (server: CloudWatchServer, group?: string, stream?: string) =>
  server.events(group, stream).map(({ message }) => (JSON.parse(message) as { log: string }).log);

test("a record is an event in Fluent Bit's shape, in the stream of its tag", async () => {
  await using server = await start();
  const bed = openCloudWatch(server.endpoint);
  const pod = { pod: "web-1", namespace: "shop", container: "web", podId: "id", labels: { app: "web" } };
  const outcome = await ship(bed, [rowsOf("kube.web", [{ log: 'a "b"' }], pod)]);
  expect([...server.groups.get("logs")!.streams.keys()]).toEqual(["node-1-kube.web"]);
  expect(server.events()).toEqual([{ timestamp: T0_MS, message: expect.any(String) as string }]);
  expect(JSON.parse(server.events()[0]!.message)).toEqual({
    stream: "stdout",
    _p: "F",
    log: 'a "b"',
    kubernetes: {
      pod_name: "web-1",
      namespace_name: "shop",
      pod_id: "id",
      labels: { app: "web" },
      host: "node-1",
      container_name: "web",
    },
  });
  expect(outcome).toMatchObject({ records: 1, refused: [] });
});

test("streams are made when a request does not find them, and are not looked for otherwise", async () => {
  await using server = await start();
  const bed = openCloudWatch(server.endpoint);
  for (let time = 0; time < 3; time++) await ship(bed, [rowsOf("a", [{ log: "1" }])]);
  expect(server.stats().requests).toEqual({ PutLogEvents: 4, CreateLogStream: 1 });
});

test("a group that is missing is made with its retention and class where the configuration says so", async () => {
  await using server = await start({ groups: [] });
  const changes = { autoCreateGroup: true, logRetentionDays: 14, logGroupClass: "INFREQUENT_ACCESS" } as const;
  const bed = openCloudWatch(server.endpoint, changes);
  await ship(bed, [rowsOf("a", [{ log: "1" }])]);
  expect(server.groups.get("logs")).toMatchObject({ retentionDays: 14, groupClass: "INFREQUENT_ACCESS" });
  expect(messagesOf(server)).toEqual(["1"]);
});

test("a group whose creation was answered by nobody gets its retention nevertheless", async () => {
  await using server = await start({ groups: [] });
  server.faults.add({ kind: "reset-after", operation: "CreateLogGroup", times: 1 });
  const bed = openCloudWatch(server.endpoint, { autoCreateGroup: true, logRetentionDays: 7 });
  await ship(bed, [rowsOf("a", [{ log: "1" }])]);
  expect([server.groups.get("logs")?.retentionDays, messagesOf(server)]).toEqual([7, ["1"]]);
});

test("a group that is missing and not to be made keeps its own files back, and says what to do", async () => {
  await using server = await start();
  const bed = openCloudWatch(server.endpoint, { logGroupTemplate: "$kubernetes['namespace_name']" });
  const files = [
    rowsOf("a", [{ log: "a" }], { namespace: "nowhere" }),
    rowsOf("b", [{ log: "b" }], { namespace: "logs" }),
  ];
  const { undelivered, records } = await ship(bed, files);
  expect([messagesOf(server), records, [...undelivered.keys()]]).toEqual([["b"], 1, ["a"]]);
  expect(undelivered.get("a")?.message).toMatch(
    /^CreateLogStream in log group nowhere: ResourceNotFoundException: .*; create nowhere in us-east-1, set auto_create_group: on, or/,
  );
});

test.each<CloudWatchFault>([
  "throttled",
  "unavailable",
  "internal-error",
  "aborted",
  "reset-before",
  "hang-before",
  "expired-token",
  "clock-skew",
])("requests that meet %s twice are sent again, and every event is there once", async (kind) => {
  await using server = await start({ groups: [] });
  const bed = openCloudWatch(server.endpoint, { autoCreateGroup: true, requestTimeoutMs: 300, logRetentionDays: 1 });
  for (const operation of ["PutLogEvents", "CreateLogStream", "CreateLogGroup", "PutRetentionPolicy"])
    server.faults.add({ kind, operation, times: 2 });
  const { undelivered } = await ship(bed, [rowsOf("a", [{ log: "1" }, { log: "2" }])]);
  expect([messagesOf(server), undelivered.size]).toEqual([["1", "2"], 0]);
  expect(bed.lines.filter(({ level }) => level === "error")).toEqual([]);
});

test.each<CloudWatchFault>(["error-after", "reset-after", "hang-after"])(
  "what was taken by a request that met %s comes twice, and nothing else does",
  async (kind) => {
    await using server = await start();
    server.groups.get("logs")!.streams.set("node-1-a", []).set("node-1-b", []);
    // Short only where the time must pass: a busy machine is no lost answer.
    const bed = openCloudWatch(server.endpoint, { requestTimeoutMs: kind === "hang-after" ? 2000 : 60_000 });
    server.faults.add({ kind, key: ":node-1-a", times: 1 });
    await ship(bed, [rowsOf("a", [{ log: "1" }]), rowsOf("b", [{ log: "2" }])]);
    expect(messagesOf(server).toSorted()).toEqual(["1", "1", "2"]);
    expect(server.stats().unanswered).toBe(1);
  },
);

test.each<[CloudWatchFault, string]>([
  ["forbidden", "allow the agent's role logs:PutLogEvents and logs:CreateLogStream on logs"],
  ["wrong-key", "the access key is unknown or its secret is wrong"],
  ["wrong-region", "the region us-east-1 is not the endpoint's; correct region"],
])("%s is said once, and what it keeps back is read again", async (kind, words) => {
  await using server = await start();
  server.faults.add({ kind });
  const bed = openCloudWatch(server.endpoint);
  const { undelivered, records } = await ship(bed, [rowsOf("a", [{ log: "1" }]), rowsOf("b", [{ log: "2" }])]);
  expect([[...undelivered.keys()].toSorted(), records]).toEqual([["a", "b"], 0]);
  const errors = bed.lines.filter(({ level }) => level === "error");
  expect(errors.map(({ fields }) => fields["reason"])).toEqual([expect.stringContaining(words)]);
});

test("of a request that is refused for some of its events those are quarantined, and the others sent once", async () => {
  await using server = await start({ refuses: (message: string) => message.includes("bad") });
  const bed = openCloudWatch(server.endpoint);
  const logs = Array.from({ length: 100 }, (_, index) => (index % 40 === 7 ? `bad ${index}` : `${index}`));
  // Not in order of time, as events are sent.
  const rows = logs.map((log, index) => ({ log, ms: T0_MS - (index % 3) * 1000 }));
  const { refused, undelivered, records } = await ship(bed, [rowsOf("a", rows), rowsOf("b", [{ log: "other" }])]);
  expect(messagesOf(server).toSorted()).toEqual([...logs.filter((log) => !log.startsWith("bad")), "other"].toSorted());
  expect([undelivered.size, records]).toEqual([0, 98]);
  expect(refused.map(({ log }) => log).toSorted()).toEqual(["bad 47", "bad 7", "bad 87"]);
  expect(new Set(refused.map(({ reason }) => reason))).toEqual(
    new Set(["refused by CloudWatch Logs: InvalidParameterException: Log event is not valid"]),
  );
  expect(refused.find(({ log }) => log === "bad 47")?.pos).toBe(
    rows
      .slice(0, 47)
      .map(({ log }) => log)
      .join("").length,
  );
  expect(bed.lines.filter(({ level }) => level === "error")).toEqual([]);
});

test("a stream whose every event is refused is kept back, not quarantined, and the others go on", async () => {
  await using server = await start({ refuses: (message: string) => message.includes("bad") });
  const bed = openCloudWatch(server.endpoint);
  const bad = Array.from({ length: 100 }, () => ({ log: "bad" }));
  const { refused, undelivered } = await ship(bed, [rowsOf("a", bad), rowsOf("b", [{ log: "good" }])]);
  expect([messagesOf(server), refused, [...undelivered.keys()]]).toEqual([["good"], [], ["a"]]);
  expect(undelivered.get("a")?.message).toContain("so is every other record of the request");
  expect(server.stats().requests["PutLogEvents"]).toBeLessThan(30);
});

test("several streams are sent to at a time", async () => {
  await using server = await start();
  server.faults.add({ kind: "latency", delayMs: 50 });
  const bed = openCloudWatch(server.endpoint);
  await ship(
    bed,
    Array.from({ length: 20 }, (_, index) => rowsOf(`f${index}`, [{ log: "1" }])),
  );
  expect([server.events().length, server.stats().inFlightMost]).toEqual([20, 4]);
});

test("files of one stream share requests", async () => {
  await using server = await start();
  const bed = openCloudWatch(server.endpoint, { logStreamName: "all", logStreamPrefix: null });
  await ship(bed, [rowsOf("a", [{ log: "1" }]), rowsOf("b", [{ log: "2" }])]);
  expect([messagesOf(server, "logs", "all"), server.stats().requests["PutLogEvents"]]).toEqual([["1", "2"], 2]);
});

test("a shipment is full when its requests hold 4 MiB", async () => {
  await using server = await start();
  const { begin } = openCloudWatch(server.endpoint);
  const delivery = begin();
  const { batch, source } = rowsOf("a", [{ log: "x".repeat(1_000_000) }]);
  let accepted = 0;
  while (await delivery.accept(batch, source)) accepted++;
  expect(accepted).toBe(5);
  expect(await delivery.accept(batch, { ...source, chain: "" })).toBe(true);
  await delivery.abandon();
});

test("the signal ends a shipment: what was not acknowledged is undelivered", async () => {
  await using server = await start();
  server.groups.get("logs")!.streams.set("node-1-a", []).set("node-1-b", []);
  server.faults.add({ kind: "hang-before", key: ":node-1-b" });
  const bed = openCloudWatch(server.endpoint);
  const shipping = ship(bed, [rowsOf("a", [{ log: "1" }]), rowsOf("b", [{ log: "2" }])]);
  await expect.poll(() => server.stats().requests["PutLogEvents"]).toBe(2);
  await expect.poll(() => bed.answers).toEqual([false]);
  bed.stop.abort(new Error("stopped"));
  const { undelivered, records } = await shipping;
  expect([[...undelivered.keys()], records]).toEqual([["b"], 1]);
});

test("json/emf is said to the service, without it nothing is", async () => {
  await using server = await start();
  await ship(openCloudWatch(server.endpoint, { logFormat: "json/emf", logKey: "log" }), [rowsOf("a", [{ log: "{}" }])]);
  await ship(openCloudWatch(server.endpoint), [rowsOf("a", [{ log: "x" }])]);
  const formats = server.log
    .filter(({ operation }) => operation === "PutLogEvents")
    .map(({ headers }) => headers["x-amzn-logs-format"]);
  expect(formats).toEqual(["json/emf", "json/emf", undefined]);
});
