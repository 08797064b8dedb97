import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cri } from "../agent/fixture.ts";
import { listObjects } from "../helpers/compare-store.ts";

const PROGRAM = new URL("../../dist/logq-agent.cjs", import.meta.url).pathname;
const ROUNDS = 6;
const LINES_A_ROUND = 200;
const SOON = { timeout: 60_000, interval: 100 };

/** A record as json_lines writes it. */
interface Shipped {
  readonly log?: string;
  readonly level?: string;
  readonly n?: string;
  readonly env?: string;
  readonly kubernetes: { readonly container_name: string; readonly labels: { readonly app: string } };
}

const line = (text: string) => cri("stdout", "F", text, Date.now());

/** Three containers: texts and traces, logfmt that its pod has parsed, and one that floods. */
function openNode(folder: string) {
  const containers = join(folder, "containers");
  mkdirSync(containers, { recursive: true });
  mkdirSync(join(folder, "meta"));
  const logs = ["app", "logfmt", "flood"].map((name) => {
    const annotations = name === "logfmt" ? { "fluentbit.io/parser": "logfmt" } : {};
    const metadata = { name: `${name}-0`, namespace: "shop", uid: `uid-${name}`, labels: { app: name }, annotations };
    const spec = { nodeName: "node-1", containers: [{ name, image: "i" }] };
    writeFileSync(join(folder, "meta", `shop_${name}-0.meta`), JSON.stringify({ kind: "Pod", metadata, spec }));
    const own = join(folder, "pods", `shop_${name}-0_uid-${name}`, name);
    mkdirSync(own, { recursive: true });
    const log = join(own, "0.log");
    writeFileSync(log, "");
    symlinkSync(log, join(containers, `${name}-0_shop_${name}-${"0".repeat(64)}.log`));
    return log;
  });
  const [app, logfmt, flood] = logs as [string, string, string];
  return {
    write(round: number): void {
      for (let at = 0; at < LINES_A_ROUND; at++) {
        const n = round * LINES_A_ROUND + at;
        appendFileSync(app, line(`n=${n} password=hunter${n} done`) + line(`GET /healthz ${n}`));
        const trace = [
          "java.lang.IllegalStateException: " + n,
          "\tat a.B.c(B.java:1)",
          "Caused by: x.Y: z",
          "\t... 1 more",
        ];
        appendFileSync(app, trace.map(line).join(""));
        appendFileSync(logfmt, line(`level=warn n=${n}`));
        appendFileSync(flood, line(`flood ${n}`));
      }
      appendFileSync(app, line("the end of a trace"));
    },
  };
}

function configText(folder: string): string {
  return `service: { storage.path: ${folder}/state, cluster: prod, hostname: node-1, http_server: on, http_listen: 127.0.0.1, http_port: 0 }
pipeline:
  inputs: [{ name: tail, tag: kube.*, path: "${folder}/containers/*.log", multiline.parser: "cri, java" }]
  filters:
    - { name: kubernetes, match: kube.*, kube_meta_preload_cache_dir: ${folder}/meta, merge_log: on, keep_log: off, k8s-logging.parser: on, annotations: off }
    - { name: grep, match: "*", exclude: log healthz }
    - { name: modify, match: "*", add: env prod }
    - { name: parser, match: "*", key_name: note, parser: json, reserve_data: on }
    - { name: redact, match: "*" }
    - { name: throttle, match: "*flood*", rate: 10, window: 1, interval: 1h }
  outputs: [{ name: directory, match: "*", path: ${folder}/store, format: json_lines, compression: none, upload_timeout: 300ms }]
`;
}

function start(config: string): { child: ChildProcess; said: () => string } {
  const child = spawn(PROGRAM, ["-c", config], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (text: Buffer) => (said += text.toString()));
  return { child, said: () => said };
}

async function end(child: ChildProcess, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}

function shippedIn(store: string): Shipped[] {
  const texts = listObjects(store, "json").flatMap((path) => readFileSync(path, "utf8").trimEnd().split("\n"));
  return texts.map((text) => JSON.parse(text) as Shipped);
}

/** Sum of a metric's samples. */
function sumOf(metrics: string, name: string): number {
  const samples = [...metrics.matchAll(new RegExp(`^${name}\\{.*\\} (\\S+)$`, "gm"))];
  return samples.reduce((sum, [, value]) => sum + Number(value), 0);
}

test("every filter together: what is not filtered is there once, though the agent is killed in every round, and all is accounted for", async () => {
  const folder = mkdtempSync(join(tmpdir(), "logq-filters-"));
  const config = join(folder, "agent.yaml");
  const node = openNode(folder);
  writeFileSync(config, configText(folder));
  const of = (name: string) =>
    shippedIn(join(folder, "store")).filter((each) => each.kubernetes.container_name === name);
  let agent = start(config);
  try {
    for (let round = 0; round < ROUNDS; round++) {
      node.write(round);
      // In the middle of something, each time of something else.
      await expect.poll(() => of("logfmt").length, SOON).toBeGreaterThan(round * LINES_A_ROUND * 0.5);
      if (round === ROUNDS - 1) break;
      await end(agent.child, "SIGKILL");
      agent = start(config);
    }
    const total = ROUNDS * LINES_A_ROUND;
    const numbers = Array.from({ length: total }, (_, n) => n);
    await expect.poll(() => of("app").length, SOON).toBe(2 * total + ROUNDS);
    await expect.poll(() => of("logfmt").length, SOON).toBe(total);

    const texts = of("app").map(({ log }) => log!);
    expect(texts.filter((text) => text.startsWith("n=")).toSorted()).toEqual(
      numbers.map((n) => `n=${n} password=[REDACTED:password] done`).toSorted(),
    );
    expect(texts.filter((text) => text.startsWith("java")).toSorted()).toEqual(
      numbers
        .map((n) => `java.lang.IllegalStateException: ${n}\n\tat a.B.c(B.java:1)\nCaused by: x.Y: z\n\t... 1 more`)
        .toSorted(),
    );
    const parsed = of("logfmt");
    expect(parsed.map(({ n }) => Number(n)).toSorted((a, b) => a - b)).toEqual(numbers);
    expect(parsed[0]).toMatchObject({ level: "warn", env: "prod", kubernetes: { labels: { app: "logfmt" } } });
    expect(parsed[0]).not.toHaveProperty("log");
    const flood = of("flood").map(({ log }) => log);
    expect(new Set(flood).size).toBe(flood.length);
    expect(flood.length).toBeGreaterThan(0);
    expect(flood.length).toBeLessThan(total);

    await expect.poll(agent.said, SOON).toContain("serving health and metrics");
    const port = /"port":(\d+)/.exec(agent.said())![1];
    const metrics = async () => await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    await expect.poll(async () => sumOf(await metrics(), "logq_output_pending_bytes"), SOON).toBe(0);
    const found = await metrics();
    const sum = (name: string) => sumOf(found, `logq_output_${name}_bytes_total`);
    expect(sum("read")).toBe(sum("delivered") + sum("filtered"));
    expect(sumOf(found, "logq_conservation_error_bytes")).toBe(0);
    expect(sumOf(found, "logq_output_filtered_records_total")).toBe(
      sumOf(found, "fluentbit_filter_drop_records_total"),
    );
    expect(found).toMatch(/^fluentbit_filter_drop_records_total\{name="grep\.0",output="\w+"\} [1-9]/m);
    expect(found).toMatch(/^logq_filter_changed_records_total\{name="redact\.0",output="\w+"\} [1-9]/m);
    await end(agent.child, "SIGTERM");
    expect(agent.child.exitCode).toBe(0);
  } finally {
    agent.child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
});
