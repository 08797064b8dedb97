import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { cri, tempFolder } from "../agent/fixture.ts";
import { endpoint, makeBucket } from "./moto.ts";

const run = promisify(execFile);

test("init makes the table over what an agent stored, doctor finds all of it in order, twice", async () => {
  const shop = await makeShop();
  const first = await shop.logq("init", "--location", shop.store, "--workgroup", shop.name, "--database", shop.name);
  expect(first.stdout.split("\n").slice(0, 3)).toEqual([
    `created database ${shop.name}`,
    `created table ${shop.name}.logs over ${shop.store}/`,
    `created workgroup ${shop.name}`,
  ]);
  const again = await shop.logq("init", "--workgroup", shop.name);
  expect([again.code, again.stdout]).toEqual([
    0,
    `table ${shop.name}.logs is as it should be\nworkgroup ${shop.name} is as it should be\n`,
  ]);
  const { code, stdout } = await shop.logq("doctor", "-o", "json");
  const checks = JSON.parse(stdout) as { check: string; status: string; message: string }[];
  expect(checks.map(({ check, status }) => `${status} ${check}`)).toEqual([
    "ok credentials",
    "ok region",
    "ok table",
    "ok range",
    "ok workgroup",
    "ok store",
    "ok newest object",
    "ok gaps",
    "ok numbers",
    "ok objects",
  ]);
  expect(checks[0]!.message).toMatch(/^arn:aws:.* of account 123456789012$/);
  expect(code).toBe(0);
});

test("doctor names an object that was cut off, a table that somebody changed, and a bucket elsewhere", async () => {
  const shop = await makeShop("eu-west-1");
  await shop.logq("init", "--location", shop.store, "--database", shop.name, "--days", "30");
  const broken = await shop.cutOff();
  const { code, stdout } = await shop.logq("doctor", "--database", shop.name, "--table", "logs");
  expect(code).toBe(1);
  expect(stdout).toContain("warn  region: the region is us-east-1, the bucket is in eu-west-1\n");
  expect(stdout).toContain(`fail  objects: ${broken} is broken: it does not end in PAR1`);
});

/** A bucket with objects of an agent, and logq with settings of its own. */
async function makeShop(region = "us-east-1") {
  const folder = tempFolder();
  onTestFinished(() => folder[Symbol.dispose]());
  const { bucket, objects, put } = await makeBucket(region);
  const store = `s3://${bucket}/logs`;
  const name = bucket;
  writeFileSync(
    join(folder.path, "agent.yaml"),
    `service: { storage.path: ${folder.path}/state, cluster: prod, hostname: node-1, log_level: warn }
pipeline:
  inputs: [{ name: tail, tag: "kube.*", path: "${folder.path}/logs/*.log", multiline.parser: cri }]
  outputs: [{ name: s3, match: "*", bucket: ${bucket}, s3_key_format: logs, region: us-east-1, endpoint: "${endpoint}" }]
`,
  );
  mkdirSync(join(folder.path, "logs"));
  const lines = Array.from({ length: 1000 }, (_, i) => cri("stdout", "F", `line ${i}`, Date.now() - 60_000 + i));
  writeFileSync(join(folder.path, "logs", `app_default_main-${"0".repeat(64)}.log`), lines.join(""));
  const env = {
    ...process.env,
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: "us-east-1",
    AWS_EC2_METADATA_DISABLED: "true",
    XDG_CONFIG_HOME: folder.path,
    XDG_CACHE_HOME: folder.path,
  };
  await run("node", ["agent/main.ts", "-c", join(folder.path, "agent.yaml"), "--once"], { env });
  return {
    store,
    name,
    logq: async (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
      try {
        return { code: 0, ...(await run("node", ["query/main.ts", ...args], { env })) };
      } catch (error) {
        return error as { code: number; stdout: string; stderr: string };
      }
    },
    cutOff: async () => {
      const [[key, body]] = [...(await objects())] as [[string, Buffer]];
      await put(key, body.subarray(0, body.length / 2));
      return key.slice("logs/".length);
    },
  };
}
