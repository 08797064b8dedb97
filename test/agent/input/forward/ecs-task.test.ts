import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { expect, test } from "vitest";

import { createEcsTaskReader } from "../../../../agent/input/forward/ecs-task.ts";
import { recordingLogger } from "../../fixture.ts";

/** As the endpoint of version 4 answers `/task` (ECS developer guide: task metadata endpoint version 4). */
const ANSWER = {
  Cluster: "default",
  TaskARN: "arn:aws:ecs:us-west-2:111122223333:task/default/158d1c8083dd49d6b527399fd6414f5c",
  Family: "curltest",
  ServiceName: "MyService",
  Revision: "26",
  Containers: [{ DockerId: "id-1", Name: "curl", DockerName: "curl", Image: "curl:latest" }],
};

async function startEndpoint(): Promise<
  AsyncDisposable & { uri: string; asked: string[]; answer: unknown; status: number }
> {
  const state = { asked: [] as string[], answer: ANSWER as unknown, status: 200 };
  const server = createServer((request, response) => {
    state.asked.push(request.url ?? "");
    response.writeHead(state.status).end(JSON.stringify(state.answer));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v4/abc`;
  return Object.assign(state, {
    uri,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, "close");
    },
  });
}

test("a container's task is asked for once, and again when an unknown container comes, every 5 seconds at most", async () => {
  await using endpoint = await startEndpoint();
  let now = 0;
  const { log } = recordingLogger();
  const reader = createEcsTaskReader({ env: { ECS_CONTAINER_METADATA_URI_V4: endpoint.uri }, log, nowMs: () => now });
  const [task, same] = await Promise.all([reader.taskOf("id-1"), reader.taskOf("id-1")]);
  expect(task).toMatchObject({
    cluster: "default",
    taskArn: ANSWER.TaskARN,
    family: "curltest",
    revision: "26",
    service: "MyService",
  });
  expect(task?.containers.get("id-1")).toEqual({ name: "curl", image: "curl:latest" });
  expect(same).toBe(task);
  await reader.taskOf("id-2");
  expect(endpoint.asked).toEqual(["/v4/abc/task"]);
  now += 5000;
  endpoint.answer = { ...ANSWER, Containers: [{ DockerId: "id-2", Name: "late" }] };
  expect((await reader.taskOf("id-2"))?.containers.get("id-2")).toEqual({ name: "late", image: undefined });
  expect(endpoint.asked).toHaveLength(2);
});

test("outside of ECS nobody is asked", async () => {
  const { log, lines } = recordingLogger();
  expect(await createEcsTaskReader({ env: {}, log }).taskOf("id-1")).toBeNull();
  expect(lines).toEqual([]);
});

test("an endpoint that fails is said once; what was told before still holds", async () => {
  await using endpoint = await startEndpoint();
  let now = 0;
  const { log, lines } = recordingLogger();
  const reader = createEcsTaskReader({ env: { ECS_CONTAINER_METADATA_URI_V4: endpoint.uri }, log, nowMs: () => now });
  endpoint.status = 500;
  expect(await reader.taskOf("id-1")).toBeNull();
  now += 5000;
  expect(await reader.taskOf("id-1")).toBeNull();
  expect(lines.filter(({ level }) => level === "warn")).toHaveLength(1);
  now += 5000;
  endpoint.status = 200;
  expect(await reader.taskOf("id-1")).not.toBeNull();
  now += 5000;
  endpoint.answer = "no object";
  expect((await reader.taskOf("id-3"))?.family).toBe("curltest");
});
