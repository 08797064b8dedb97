import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createAthenaEngine } from "../../../query/engine/athena/athena.ts";
import { CONTEXT, CREDENTIALS, startWorld, trino, type World } from "../engine/athena/harness.ts";
import { runLogq } from "../run-logq.ts";

let world: World;
beforeAll(async () => {
  for (const [name, value] of Object.entries({ ...CREDENTIALS, AWS_REGION: "us-east-1" })) vi.stubEnv(name, value);
  world = await startWorld();
}, 60_000);
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  vi.unstubAllEnvs();
});

test("cancel stops a query by its id, and says what it is billed", async () => {
  world.athena.faults.add({ kind: "slow", operation: "StartQueryExecution", times: 1 });
  const engine = createAthenaEngine({ context: CONTEXT, env: world.env, scanBytesMax: null, notice: () => {} });
  let queryId = "";
  const running = engine
    .run(trino("select count(*) as n"), new AbortController().signal, (receipt) => (queryId = receipt.queryId))
    .catch((error: unknown) => error);
  await expect.poll(() => queryId, { timeout: 20_000 }).not.toBe("");
  const { code, stderr } = await runLogq(["cancel", queryId], { env: world.env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/ stopped: \d+ bytes scanned, \$/) });
  expect(await running).toBeInstanceOf(Error);
});

test.each([[[]], [["a", "b"]], [["no id"]]])("cancel %j is refused", async (argv) => {
  expect(await runLogq(["cancel", ...argv])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("cancel takes the id of one query"),
  });
});
