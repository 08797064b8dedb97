import { spawn, type ChildProcess } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { builtApiServer } from "./build.ts";
import { ensureTools } from "./tools.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const STARTS_MAX = 3;
const START_MS_MAX = 180_000;

interface Answer {
  readonly status: number;
  readonly body: { readonly [name: string]: unknown };
  /** The texts of its Warning headers. */
  readonly warnings: readonly string[];
}

/** The parts of an audit.k8s.io/v1 Event that are read. */
interface AuditEvent {
  readonly stage: "RequestReceived" | "ResponseStarted" | "ResponseComplete" | "Panic";
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly resource?: string };
}

/** A kube-apiserver over an etcd, both on 127.0.0.1, with one administrator. There is no kubelet and no scheduler. */
export interface Cluster extends AsyncDisposable {
  readonly url: string;
  readonly caFile: string;
  readonly adminToken: string;
  readonly folder: string;
  /** Asks as the administrator, or with another token. */
  api(method: string, path: string, body?: object, token?: string): Promise<Answer>;
  stopApiServer(): Promise<void>;
  startApiServer(): Promise<void>;
  /** What the API server was asked and has answered, by whom: its audit log. */
  audited(): readonly AuditEvent[];
  /** Asks etcd's gateway; keys and values in base64. */
  etcd(path: string, body: object): Promise<Record<string, unknown>>;
}

interface ClusterOptions {
  /** In place of what most tests ask the audit log about. */
  readonly auditPolicy?: object;
  /** What the API server says, at verbosity 2, is appended to this file. */
  readonly logFile?: string;
}

/** Starts etcd and a kube-apiserver, which is built if need be. Throws if one of them does not start. */
export async function startCluster({ auditPolicy = AUDIT_POLICY, logFile }: ClusterOptions = {}): Promise<Cluster> {
  ensureTools();
  const binary = builtApiServer(ROOT);
  const folder = mkdtempSync(join(tmpdir(), "logq-kube-"));
  const [etcdPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const adminToken = randomBytes(16).toString("hex");
  writeFileSync(join(folder, "tokens.csv"), `${adminToken},admin,admin,system:masters\n`);
  const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  writeFileSync(join(folder, "sa.key"), key.export({ type: "pkcs1", format: "pem" }));
  const auditLog = join(folder, "audit.log");
  writeFileSync(join(folder, "audit.yaml"), JSON.stringify(auditPolicy));
  const etcd = start(
    "etcd",
    flagsOf({
      "data-dir": join(folder, "etcd"),
      "listen-client-urls": etcdUrl,
      "advertise-client-urls": etcdUrl,
      "listen-peer-urls": peerUrl,
      "initial-advertise-peer-urls": peerUrl,
      "initial-cluster": `default=${peerUrl}`,
      "unsafe-no-fsync": "true",
    }),
  );
  const flags = {
    "etcd-servers": etcdUrl,
    "bind-address": "127.0.0.1",
    "secure-port": String(port),
    "cert-dir": join(folder, "certs"),
    "token-auth-file": join(folder, "tokens.csv"),
    "authorization-mode": "RBAC",
    "service-cluster-ip-range": "10.0.0.0/24",
    "service-account-issuer": "https://kubernetes.default.svc",
    "service-account-key-file": join(folder, "sa.key"),
    "service-account-signing-key-file": join(folder, "sa.key"),
    // Pods are made here without the controllers that give each namespace its ServiceAccount.
    "disable-admission-plugins": "ServiceAccount",
    "etcd-compaction-interval": "0",
    "audit-policy-file": join(folder, "audit.yaml"),
    "audit-log-path": auditLog,
    // Before it answers.
    "audit-log-mode": "blocking-strict",
    ...(logFile !== undefined && { v: "2" }),
  };
  const caFile = join(folder, "certs", "apiserver.crt");
  const url = `https://127.0.0.1:${port}`;
  let server: ChildProcess | null = null;
  // Hundreds of handshakes at once would be refused.
  const agent = new Agent({ keepAlive: true, maxSockets: 10 });

  const api: Cluster["api"] = async (method, path, body, token = adminToken) => {
    const ca = readFileSync(caFile);
    const text = body === undefined ? "" : JSON.stringify(body);
    const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    // Node says no length of itself for DELETE.
    const length = Buffer.byteLength(text);
    const headers = { authorization: `Bearer ${token}`, "content-type": type, "content-length": length };
    return await new Promise((resolve, reject) => {
      const sent = request(`${url}${path}`, { method, ca, headers, agent }, (response) => {
        let answer = "";
        response.setEncoding("utf8").on("data", (part: string) => (answer += part));
        response.on("end", () => {
          const isJson = response.headers["content-type"]?.includes("json") === true;
          const parsed = isJson ? (JSON.parse(answer) as Answer["body"]) : { text: answer };
          const warnings = warningsOf(response.headers["warning"] ?? "");
          resolve({ status: response.statusCode ?? 0, body: parsed, warnings });
        });
      });
      sent.on("error", reject).end(text);
    });
  };

  const startApiServer = async (): Promise<void> => {
    server = start(binary, flagsOf(flags), logFile);
    let starts = 1;
    const startedAtMs = performance.now();
    for (;;) {
      const isReady = await api("GET", "/readyz").then(
        ({ status }) => status === 200,
        () => false,
      );
      if (isReady) return;
      // It gives up where etcd, or a hook of its own, is slow; whoever runs it starts it again.
      if (server.exitCode !== null && ++starts > STARTS_MAX)
        throw new Error(`kube-apiserver ended ${STARTS_MAX} times, with exit code ${server.exitCode}`);
      if (server.exitCode !== null) server = start(binary, flagsOf(flags), logFile);
      if (performance.now() - startedAtMs > START_MS_MAX) throw new Error("kube-apiserver was not ready in time");
      await sleep(200);
    }
  };

  const dispose = async (): Promise<void> => {
    await stop(server);
    await stop(etcd);
    rmSync(folder, { recursive: true, force: true });
  };

  await startApiServer().catch(async (error: unknown) => {
    await dispose();
    throw error;
  });
  return {
    url,
    caFile,
    adminToken,
    folder,
    api,
    startApiServer,
    audited: () =>
      readFileSync(auditLog, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as AuditEvent),
    stopApiServer: async () => await stop(server),
    etcd: async (path, body) => {
      const answer = await fetch(`${etcdUrl}${path}`, { method: "POST", body: JSON.stringify(body) });
      return (await answer.json()) as Record<string, unknown>;
    },
    [Symbol.asyncDispose]: dispose,
  };
}

/** Who asked for pods; of every request its beginning alone. */
const AUDIT_POLICY = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["ResponseStarted", "ResponseComplete"],
  rules: [{ level: "Metadata", resources: [{ group: "", resources: ["pods", "namespaces"] }] }, { level: "None" }],
};

/** Of `299 - "text", 299 - "text"`. */
function warningsOf(header: string): string[] {
  return [...header.matchAll(/299 \S+ ("(?:[^"\\]|\\.)*")/g)].map(([, text]) => JSON.parse(text!) as string);
}

function flagsOf(flags: Readonly<Record<string, string>>): string[] {
  return Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
}

function start(command: string, args: readonly string[], logFile?: string): ChildProcess {
  // Their words are of interest where they do not start.
  const said = process.env["KUBE_LOG"] === undefined ? "ignore" : "inherit";
  const log = logFile === undefined ? null : openSync(logFile, "a");
  const child = spawn(command, args, { stdio: ["ignore", "ignore", log ?? said] });
  if (log !== null) closeSync(log);
  child.on("error", (error) => {
    throw new Error(`cannot start ${command}: ${error.message}; on Debian it is in the package etcd-server`);
  });
  return child;
}

async function stop(child: ChildProcess | null): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, "close");
  return port;
}
