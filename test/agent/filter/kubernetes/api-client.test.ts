import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { createApiClient, type ApiAccess } from "../../../../agent/filter/kubernetes/api-client.ts";
import { tempFolder } from "../../fixture.ts";
import { KubeServer } from "../../../servers/kube-server.ts";

const PODS = "/api/v1/pods";
const COMMON = {
  tokenTtlMs: 600_000,
  caFile: null,
  caPath: null,
  verify: true,
  verifyHostname: true,
  serverName: null,
};

async function get(access: ApiAccess) {
  const client = await createApiClient(access);
  const ask = async (): Promise<string> => {
    const chunks = [];
    for await (const chunk of client.get(PODS, 1000, new AbortController().signal)) chunks.push(chunk);
    return Buffer.concat(chunks).toString("utf8");
  };
  return { ask, [Symbol.dispose]: () => client.close() };
}

test("a token that is refused is read again from its file, one that is not is kept", async () => {
  await using server = await KubeServer.start();
  using folder = tempFolder();
  const tokenFile = join(folder.path, "token");
  writeFileSync(tokenFile, "first\n");
  server.tokens = new Set(["first", "second"]);
  using client = await get({ ...COMMON, url: server.url, tokenFile });
  expect(await client.ask()).toContain("PodList");
  writeFileSync(tokenFile, "second");
  expect(await client.ask()).toContain("PodList");
  server.tokens = new Set(["second"]);
  await expect(client.ask()).rejects.toMatchObject({ status: 401 });
  expect(await client.ask()).toContain("PodList");
});

test("a token is read again after its time", async () => {
  await using server = await KubeServer.start();
  using folder = tempFolder();
  const tokenFile = join(folder.path, "token");
  writeFileSync(tokenFile, "first");
  server.tokens = new Set(["first"]);
  using client = await get({ ...COMMON, url: server.url, tokenFile, tokenTtlMs: 0 });
  await client.ask();
  server.tokens = new Set(["second"]);
  writeFileSync(tokenFile, "second");
  expect(await client.ask()).toContain("PodList");
});

test("a file of certificates that is not there is named", async () => {
  using client = await get({ ...COMMON, url: "https://127.0.0.1:1", tokenFile: "/nowhere", caFile: "/nowhere/ca.crt" });
  await expect(client.ask()).rejects.toThrow("cannot read kube_ca_file /nowhere/ca.crt");
});

test("what was read of a long answer is collected while it comes, where the runtime lets the agent", async () => {
  await using server = await KubeServer.start();
  for (let n = 0; n < 20; n++) server.put(PODS, { metadata: { uid: String(n), name: "x".repeat(30_000) } });
  const gc = vi.fn<NodeJS.GCFunction>();
  vi.stubGlobal("gc", gc);
  using client = await get({ ...COMMON, url: server.url, tokenFile: "/nowhere" });
  expect((await client.ask()).length).toBeGreaterThan(600_000);
  vi.unstubAllGlobals();
  expect(gc).toHaveBeenCalledWith({ type: "minor" });
  expect(gc.mock.calls.length).toBeGreaterThan(2);
});
