import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { KubeServer } from "../servers/kube-server.ts";
import { testKubeProtocol } from "./kube-protocol.ts";

const PODS = "/api/v1/pods";
const folder = mkdtempSync(join(tmpdir(), "logq-kube-"));
let server: KubeServer;
let bookmarks: NodeJS.Timeout;

beforeAll(async () => {
  server = await KubeServer.start();
  server.tokens = new Set(["right"]);
  for (const token of ["right", "wrong"]) writeFileSync(join(folder, token), token);
  bookmarks = setInterval(() => server.bookmark(), 50);
});

afterAll(async () => {
  clearInterval(bookmarks);
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

testKubeProtocol(async () => {
  const tls = { caFile: null, caPath: null, verify: true, verifyHostname: true, serverName: null };
  const access = { url: server.url, tokenFile: join(folder, "right"), tokenTtlMs: 600_000, ...tls };
  return await Promise.resolve({
    access,
    wrongToken: { ...access, tokenFile: join(folder, "wrong") },
    put: async (name, nodeName, label) =>
      await Promise.resolve(
        server.put(PODS, { metadata: { uid: name, name, labels: { label } } as never, spec: { nodeName } }),
      ),
    delete: async (name) => await Promise.resolve(server.delete(PODS, name)),
    forget: async () => {
      server.put(PODS, { metadata: { uid: "last", name: "last" } });
      server.compact();
      await Promise.resolve();
    },
  });
});
