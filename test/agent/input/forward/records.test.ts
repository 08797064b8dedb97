import { encode } from "@msgpack/msgpack";
import { array, assert, constantFrom, integer, oneof, property, record as map, string } from "fast-check";
import { describe, expect, test, vi } from "vitest";

import type { EcsTask } from "../../../../agent/input/forward/ecs-task.ts";
import { Entries } from "../../../../agent/input/forward/frame.ts";
import { createRecordReader } from "../../../../agent/input/forward/records.ts";
import { openBed, WAIT, type Appended } from "./bed.ts";

const T = 1_795_237_200;
const ID = "9".repeat(64);
const DOCKER = { container_id: ID, container_name: "/web", source: "stdout", log: "GET /" };
const TASK_ARN = "arn:aws-cn:ecs:cn-northwest-1:111122223333:task/prod/0123456789abcdef0123456789abcdef";
const TASK: EcsTask = {
  cluster: "arn:aws-cn:ecs:cn-northwest-1:111122223333:cluster/prod",
  taskArn: TASK_ARN,
  family: "shop",
  revision: "7",
  service: "shop-service",
  containers: new Map([[ID, { name: "web", image: "nginx:1" }]]),
};

async function stored(records: readonly object[], task: EcsTask | null = null): Promise<readonly Appended[]> {
  await using bed = await openBed({}, { ecs: { taskOf: async () => await Promise.resolve(task) } });
  const sender = await bed.connect();
  sender.send(["app", records.map((record) => [T, record]), { chunk: "id" }]);
  await sender.acknowledged("id");
  return bed.spool.appended;
}

describe("records of Docker's fluentd driver", () => {
  test("message and stream are the record's, the container the source's", async () => {
    const [first, second] = await stored([DOCKER, { ...DOCKER, source: "stderr", log: "oops" }]);
    expect(first).toMatchObject({
      origin: {
        source: "application",
        container: "web",
        containerId: ID,
        record: { stream: "source", fields: { container_id: ID, container_name: "/web" } },
      },
      record: { stream: "stdout", log: Buffer.from("GET /"), fields: null },
    });
    expect(second).toMatchObject({ name: first!.name, record: { stream: "stderr", log: Buffer.from("oops") } });
  });

  test("containers with the same tag have sources of their own", async () => {
    const appended = await stored([DOCKER, { ...DOCKER, container_id: "8".repeat(64) }]);
    expect(new Set(appended.map(({ name }) => name)).size).toBe(2);
    expect(new Set(appended.map(({ tag }) => tag)).size).toBe(1);
  });

  test("what the driver adds of labels and environment are labels, and fields of the records as before", async () => {
    const [first] = await stored([
      { ...DOCKER, "com.docker.compose.project": "shop", "com.docker.compose.service": "web", TIER: "1" },
    ]);
    const labels = { "com.docker.compose.project": "shop", "com.docker.compose.service": "web", TIER: "1" };
    expect(first!.origin).toMatchObject({
      namespace: "shop",
      workload: "web",
      labels,
      record: { fields: { container_id: ID, ...labels } },
    });
  });

  test("what Docker has cut at 16 KB is marked to be joined, by its old and its new fields", async () => {
    const part = { partial_message: "true", partial_id: "1", partial_ordinal: "1", partial_last: "false" };
    const appended = await stored([
      { ...DOCKER, ...part },
      { ...DOCKER, ...part, partial_ordinal: "2", partial_last: "true" },
      { ...DOCKER, partial_message: "true" },
      DOCKER,
    ]);
    expect(appended.map(({ record }) => record.partial)).toEqual([true, false, true, false]);
    expect(new Set(appended.map(({ name }) => name)).size).toBe(1);
  });

  test("a message whose last part never comes ends with its connection", async () => {
    await using bed = await openBed();
    const sender = await bed.connect();
    sender.send(["app", T, { ...DOCKER, partial_message: "true" }]);
    sender.send(["app", T, { ...DOCKER, partial_message: "true", source: "stderr" }]);
    sender.send(["app", T, { ...DOCKER, source: "stderr" }, { chunk: "id" }]);
    await sender.acknowledged("id");
    sender.socket.end();
    await vi.waitFor(() => expect(bed.spool.appended).toHaveLength(4), WAIT);
    expect(bed.spool.appended[3]!.record).toMatchObject({ stream: "stdout", log: Buffer.alloc(0), partial: false });
  });

  test("bytes that are not UTF-8 stay as they are", async () => {
    const [first] = await stored([{ ...DOCKER, log: Buffer.from("ff00fe", "hex") }]);
    expect(first!.record.log).toEqual(Buffer.from("ff00fe", "hex"));
  });

  test.each([
    ["an empty id", { ...DOCKER, container_id: "" }],
    ["a stream that Docker does not know", { ...DOCKER, source: "journal" }],
    ["a field that is no text", { ...DOCKER, status: 200 }],
    ["20 KB of labels", { ...DOCKER, label: "x".repeat(20_000) }],
    ["a message that is an object", { ...DOCKER, log: { a: 1 } }],
  ])("a record with %s keeps all of its fields, in their order", async (_, record) => {
    const [first] = await stored([record]);
    expect(JSON.stringify(first!.record.fields)).toBe(JSON.stringify(record));
    expect(first!.origin).toEqual({ source: "application" });
  });
});

describe("containers of ECS", () => {
  const FIRELENS = { ...DOCKER, container_name: "/ecs-shop-7-web-ccf6d3b9e8d9ad9c3200" };
  const ECS = { ecs_cluster: "prod", ecs_task_arn: TASK_ARN, ecs_task_definition: "shop:7" };
  const COLUMNS = {
    source: "application",
    namespace: "prod",
    workload: "shop",
    pod: "0123456789abcdef0123456789abcdef",
    podId: "0123456789abcdef0123456789abcdef",
    container: "web",
    labels: ECS,
  };

  test("a record that says its task has cluster, family, task and container in the columns", async () => {
    const [first] = await stored([{ ...FIRELENS, ...ECS }]);
    expect(first!.origin).toMatchObject(COLUMNS);
  });

  test("one that does not is asked for, with service and image", async () => {
    const [first] = await stored([FIRELENS], TASK);
    expect(first!.origin).toMatchObject({ ...COLUMNS, workload: "shop-service", image: "nginx:1" });
    expect(first!.origin.record!.fields).toMatchObject(ECS);
  });

  test("of a container of another task the agent's own says the cluster alone", async () => {
    const [first] = await stored([{ ...FIRELENS, container_id: "7".repeat(64) }], TASK);
    expect(first!.origin).toMatchObject({ namespace: "prod", labels: { ecs_cluster: "prod" } });
    expect(first!.origin).not.toHaveProperty("pod");
    expect(first!.origin).not.toHaveProperty("workload");
  });

  test("what the record says counts for more than the agent's own task", async () => {
    const other = TASK_ARN.replace("0123", "4567");
    const [first] = await stored(
      [{ ...FIRELENS, container_id: "7".repeat(64), ...ECS, ecs_task_arn: other, ecs_task_definition: "cart:1" }],
      TASK,
    );
    expect(first!.origin).toMatchObject({ workload: "cart", pod: "4567456789abcdef0123456789abcdef" });
  });

  test("Docker's labels say the same", async () => {
    const [first] = await stored([
      { ...DOCKER, ...label("cluster", "prod"), ...label("task-arn", TASK_ARN), ...label("container-name", "web"), ...label("task-definition-family", "shop"), ...label("task-definition-version", "7") }, // prettier-ignore
    ]);
    expect(first!.origin).toMatchObject({ ...COLUMNS, labels: expect.objectContaining(ECS) as object });
  });
});

function label(name: string, value: string): object {
  return { [`com.amazonaws.ecs.${name}`]: value };
}

test("__proto__ in a record is a field", async () => {
  const [first] = await stored([JSON.parse('{"a":1,"__proto__":{"b":2}}') as object]);
  expect(JSON.stringify(first!.record.fields)).toBe('{"a":1,"__proto__":{"b":2}}');
});

test("what is like the record before is read as if it came first", () => {
  const shared = { container_id: constantFrom("a", "b"), source: constantFrom("stdout", "stderr") };
  const log = oneof(string(), constantFrom("", "x".repeat(40), "x".repeat(300)));
  const records = oneof(
    map({ ...shared, log }),
    map({ log, ...shared }),
    map({ ...shared, log, container_name: constantFrom("/a", "/bb") }),
    map({ ...shared, log, partial_message: constantFrom("true") }),
    map({ ...shared, log: oneof(log, integer()) }),
    map({ log }),
  );
  assert(
    property(array(records, { maxLength: 30 }), (some) => {
      const bytes = Buffer.concat(some.map((each) => encode([T, each])));
      const frame = { tag: "app", chunk: null, compression: null, bytes, count: null, isMessage: false };
      const [together, alone] = [new Entries(frame, bytes), new Entries(frame, bytes)];
      const readTogether = createRecordReader();
      while (together.next() && alone.next()) {
        const { spooled, container } = readTogether(together);
        const expected = createRecordReader()(alone);
        expect({ ...spooled, partial: spooled.partial ?? false, container }).toEqual({
          ...expected.spooled,
          partial: expected.spooled.partial ?? false,
          container: expected.container,
        });
        expect(together.reader.at).toBe(alone.reader.at);
      }
      expect(together.reader.at).toBe(bytes.length);
    }),
    { numRuns: 100 },
  );
});
