import { expect, test, vi } from "vitest";
import { createApiClient } from "../../../../agent/filter/kubernetes/api-client.ts";
import { pollKubelet } from "../../../../agent/filter/kubernetes/kubelet.ts";
import { KubeServer } from "../../../servers/kube-server.ts";

const until = async (check: () => void) => await vi.waitFor(check, { timeout: 20_000, interval: 5 });

test("the kubelet is asked for its pods, again when one is not known, and whatever goes wrong", async () => {
  await using server = await KubeServer.start();
  server.faults.status = { code: 500, times: 1 };
  server.put("/pods", { metadata: { uid: "a", name: "a" } });
  const access = { url: server.url, tokenFile: "/nowhere", tokenTtlMs: 1000, caFile: null, caPath: null };
  const client = await createApiClient({ ...access, verify: true, verifyHostname: false, serverName: null });
  const stop = new AbortController();
  let pods: unknown[] = [];
  let lists = 0;
  const states: (string | undefined)[] = [];
  const sink = {
    beginList: () => (pods = []),
    put: (object: unknown) => pods.push(object),
    delete: () => undefined,
    endList: () => lists++,
  };
  const onState = (error: Error | null) => states.push(error?.message);
  const running = pollKubelet({ client, sink, asked: async () => await Promise.resolve(), onState }, stop.signal);
  await until(() => expect(pods).toHaveLength(1));
  server.put("/pods", { metadata: { uid: "b", name: "b" } });
  await until(() => expect(pods).toHaveLength(2));
  expect(lists).toBeGreaterThan(1);
  expect(states[0]).toContain("500");
  stop.abort();
  await running;
  client.close();
});
