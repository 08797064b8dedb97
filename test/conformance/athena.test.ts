import { Athena } from "@aws-sdk/client-athena";
import { afterAll, beforeAll, vi } from "vitest";
import { CONTEXT, CREDENTIALS, startWorld, type World } from "../query/engine/athena/harness.ts";
import { athenaClaims } from "./athena-protocol.ts";

let world: World;

beforeAll(async () => {
  for (const [name, value] of Object.entries(CREDENTIALS)) vi.stubEnv(name, value);
  world = await startWorld();
}, 60_000);

afterAll(async () => {
  await world[Symbol.asyncDispose]();
  vi.unstubAllEnvs();
});

athenaClaims("our server", async () => {
  const { athena, s3, env } = world;
  athena.faults.clear();
  return await Promise.resolve({
    client: new Athena({ endpoint: athena.endpoint, region: "us-east-1" }),
    setup: {
      context: { ...CONTEXT, outputLocation: "s3://results/claims" },
      env,
      scanBytesMax: null,
      notice: () => {},
    },
    results: "s3://results/claims",
    willAnswer: async () => await Promise.resolve(),
    async willRunOn() {
      await Promise.resolve(athena.faults.add({ kind: "slow", operation: "StartQueryExecution", times: 1 }));
    },
    readFile: async (location) =>
      await Promise.resolve(s3.bucket("results").body(location.replace("s3://results/", "")).toString()),
    [Symbol.asyncDispose]: async () => await Promise.resolve(),
  });
});
