import dns from "node:dns";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { runAgent } from "../../agent/agent.ts";
import { loadConfig } from "../../config/load.ts";
import { append, cri, recordingLogger, tempFolder } from "./fixture.ts";
import "./output/s3/bed.ts"; // credentials

const WAIT = { timeout: 15_000 };

afterEach(() => vi.restoreAllMocks());

test("a resolver that never answers delays neither another output nor health nor the end", async () => {
  using folder = tempFolder();
  const asked = silence(".never.example");
  const path = join(folder.path, "agent.yaml");
  writeFileSync(path, configOf(folder.path));
  append(join(folder.path, "a.log"), cri("stdout", "F", "before"));
  const stop = new AbortController();
  const { config } = loadConfig(path, {});
  const stored = join(folder.path, "store");
  mkdirSync(stored);
  const { log, lines } = recordingLogger();
  const agent = runAgent(config, { once: false, signal: stop.signal, log });
  // Once all three outputs ask, and for ever.
  await vi.waitUntil(() => asked().length === 3, WAIT);
  append(join(folder.path, "a.log"), cri("stdout", "F", "during"));
  await vi.waitUntil(() => messagesIn(stored).includes("during"), WAIT);
  expect(messagesIn(stored)).toEqual(["before", "during"]);
  const port = String(lines.find(({ text }) => text === "serving health and metrics")?.fields["port"]);
  const health = await fetch(`http://127.0.0.1:${port}/api/v1/health`, { signal: AbortSignal.timeout(5000) });
  expect(health.status).toBe(200);
  stop.abort();
  await agent;
  expect(lines.map(({ text }) => text)).toContain("serving health and metrics");
  // However often they tried: what is not answered is not asked again.
  expect(asked().toSorted()).toEqual(["firehose.never.example", "logs.never.example", "s3.never.example"]);
});

/** Whoever looks up a name that ends so never hears of it; other names are answered. Returns which names were asked for. */
function silence(domain: string): () => readonly string[] {
  const lookup = dns.lookup as (...args: unknown[]) => void;
  const asked: string[] = [];
  vi.spyOn(dns, "lookup").mockImplementation((name: string, ...args: unknown[]) => {
    if (name.endsWith(domain)) asked.push(name);
    else lookup(name, ...args);
  });
  for (const way of ["resolve4", "resolve6"] as const)
    vi.spyOn(dns.promises.Resolver.prototype, way).mockImplementation(async () => await new Promise(() => undefined));
  return () => asked;
}

function configOf(folder: string): string {
  const common = 'match: "*", region: eu-west-1';
  return `service: { storage.path: ${folder}/state, cluster: prod, hostname: node-1, http_server: on, http_listen: 127.0.0.1, http_port: 0, grace: 1 }
pipeline:
  inputs: [{ name: tail, path: "${folder}/*.log", multiline.parser: cri, refresh_interval: 1 }]
  outputs:
    - { name: s3, ${common}, bucket: logs, endpoint: "http://s3.never.example:1", upload_timeout: 1s }
    - { name: cloudwatch_logs, ${common}, log_group_name: logs, log_stream_prefix: x-, endpoint: "http://logs.never.example:1" }
    - { name: kinesis_firehose, ${common}, delivery_stream: logs, endpoint: "http://firehose.never.example:1" }
    - { name: directory, match: "*", path: "${folder}/store", format: json_lines, compression: none, upload_timeout: 1s }
`;
}

function messagesIn(store: string): string[] {
  const names = readdirSync(store, { recursive: true, encoding: "utf8" }).filter((name) => name.startsWith("cluster="));
  const lines = names
    .filter((name) => name.endsWith(".json"))
    .flatMap((name) => readFileSync(join(store, name), "utf8").trimEnd().split("\n"));
  return lines.map((line) => (JSON.parse(line) as { log: string }).log).toSorted();
}
