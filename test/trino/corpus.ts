import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { openContainerLog, type ContainerLog } from "../../bench/generate/container-log.ts";
import { sampleRows, type StoredRow } from "../helpers/store.ts";

const AGENT = new URL("../../dist/logq-agent.cjs", import.meta.url).pathname;

/** The days of `sampleRows`, by which the questions name times. */
const SAMPLE_DAY = "2026-03-01";

/** The clusters of the corpus; a scan of both is a UNION ALL on Trino. */
export const CLUSTERS = ["prod", "staging"];

/**
 * The first day of a month that is well within what the table keeps, whenever the tests are run: the corpus begins on it,
 * and ends on the next.
 */
export function corpusDay(nowMs: number): string {
  const now = new Date(nowMs);
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 2, 1)).toISOString().slice(0, 10);
}

/** A text about the days of the sample, about those of the corpus. */
export function inCorpusTime(text: string, day: string): string {
  const next = new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);
  return text.replaceAll("2026-03-02", next).replaceAll(SAMPLE_DAY, day);
}

/**
 * Writes logs as nodes of two clusters have them and lets the built agent ship them into `store`: the rows of
 * `sampleRows`, and a pod whose lines are odd. `folder` is on the file system of the state, for links.
 */
export function makeCorpus(folder: string, store: string, day: string): void {
  const shiftNs = BigInt(Date.parse(day) - Date.parse(SAMPLE_DAY)) * 1_000_000n;
  const rows = [...sampleRows(), ...oddRows()].map((row) => ({ ...row, tsNs: row.tsNs + shiftNs }));
  for (const node of ["node-a", "node-b"]) {
    const own = rows.filter((row) => row.node === node);
    ship({ folder: join(folder, `prod-${node}`), store, cluster: "prod", node, rows: own });
  }
  const some = rows.filter((row, i) => i % 3 === 0 && row.node === "node-a");
  ship({ folder: join(folder, "staging"), store, cluster: "staging", node: "node-s", rows: some });
}

/** Every object below a store, by its key. */
export function objectsOf(store: string): Map<string, Buffer> {
  const names = readdirSync(store, { recursive: true, withFileTypes: true });
  const paths = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(paths.toSorted().map((path) => [relative(store, path), readFileSync(path)]));
}

interface Shipped {
  readonly folder: string;
  readonly store: string;
  readonly cluster: string;
  readonly node: string;
  readonly rows: readonly StoredRow[];
}

function ship({ folder, store, cluster, node, rows }: Shipped): void {
  rmSync(folder, { recursive: true, force: true });
  const [root, meta, host] = ["node", "meta", "node/host"].map((name) => join(folder, name));
  for (const path of [root, meta, host]) mkdirSync(path!, { recursive: true });
  const logs = new Map<string, ContainerLog>();
  for (const row of rows) {
    if (row.pod === undefined) {
      writeFileSync(join(host!, "messages.log"), criLine(row), { flag: "a" });
      continue;
    }
    if (!logs.has(row.pod)) logs.set(row.pod, openLog(root!, meta!, row));
    logs.get(row.pod)!.append(Buffer.from(criLine(row)));
  }
  for (const log of logs.values()) log.close();
  const config = join(folder, "agent.yaml");
  writeFileSync(
    config,
    `service:
  storage.path: ${folder}/state
  cluster: ${cluster}
  hostname: ${node}
pipeline:
  inputs:
    - { name: tail, tag: kube.*, path: "${root}/var/log/containers/*.log", multiline.parser: cri }
    - { name: tail, tag: host.*, path: "${host}/*.log", multiline.parser: cri }
  filters:
    - { name: kubernetes, match: kube.*, kube_meta_preload_cache_dir: "${meta}" }
  outputs:
    - { name: directory, match: "*", path: "${store}", total_file_size: 1M }
`,
  );
  const { KUBERNETES_SERVICE_HOST: _, ...env } = process.env;
  execFileSync(process.execPath, [AGENT, "-c", config, "--once"], { env, stdio: ["ignore", "inherit", "pipe"] });
}

/** The log of a row's pod, and what the API would say of the pod. */
function openLog(root: string, meta: string, { namespace, pod, container, podId, image, workload, labels }: StoredRow) {
  const spec = {
    namespace: namespace!,
    pod: pod!,
    uid: podId!,
    container: container!,
    index: 0,
    content: "text" as const,
    weight: 1,
  };
  const metadata = {
    name: pod,
    namespace,
    uid: podId,
    ...(labels && { labels }),
    ownerReferences: [{ controller: true, kind: "StatefulSet", name: workload }],
  };
  const object = { kind: "Pod", apiVersion: "v1", metadata, spec: { containers: [{ name: container, image }] } };
  writeFileSync(join(meta, `${namespace}_${pod}.meta`), JSON.stringify(object));
  const newContainerId = () => podId!.replaceAll("-", "").padEnd(64, "0");
  return openContainerLog({ root, pod: spec, newContainerId, filesMax: null, archive: null });
}

function criLine({ tsNs, stream, log, level }: StoredRow): string {
  const fraction = String(tsNs % 1_000_000_000n).padStart(9, "0");
  const time = `${new Date(Number(tsNs / 1_000_000n)).toISOString().slice(0, 19)}.${fraction}Z`;
  // Where the sample has a level the agent has to find it in the line.
  const said = level !== undefined && log.startsWith("{") ? `{"level":${JSON.stringify(level)},${log.slice(1)}` : log;
  return `${time} ${stream ?? "stdout"} F ${said}\n`;
}

/** Lines on which engines differ: numbers beyond a double, keys twice, half a JSON, white space, signs of patterns. */
const ODD_LINES = [
  '{"n":1,"f":0.1,"neg":-0.0,"zero":-0,"big":9007199254740993,"exp":1e21,"small":1e-7,"s":"x\\ty","b":true}',
  '{"n":2.50,"f":1.0,"big":9223372036854775807,"exp":123456789.125,"s":"\\u00e9\\ud83d\\ude00","b":false}',
  '{"n":"3","f":"0.30","big":"18446744073709551616","s":"","b":null,"list":[1,2.5,"x",null,{"k":"v"}]}',
  '{"n":null,"s":"a,b;c","nested":{"a":{"b":[10,{"c d":"deep"}]},"":"empty"},"list":[]}',
  '  {"n":4,"s":"white space before"}',
  '{"n":5,"s":"then a tail"} tail',
  '{"n":6,"s":"cut off',
  '{"n":7 , "s" : "spaces" }',
  "[1,2,3]",
  '"a text"',
  "42",
  "null",
  "true",
  "",
  " ",
  "\ttab\tseparated\tvalues",
  "100% _sure_ \\ back\\\\slash 'single' \"double\" `tick`",
  "GET /a?b=1&c=%20d HTTP/1.1 200 0.005 https://user@example.com:8443/p/q?x=1&y=2#frag",
  "é e\u0301 ß ẞ İ ı ﬁ Ǆ 𝔘 👩‍👩‍👧 中文 العربية",
  'key=value other="quoted value" n=12 dur=1.5s',
  "a.b.c|d|e||f",
  "aaa bbb AAA BBB aBc",
  "2026-03-01T10:00:00.123456Z event at 10:00",
  "x".repeat(3000),
  "ERROR something failed: java.lang.IllegalStateException: no",
  "\u0001 control \u001b[31mred\u001b[0m \u007f",
];

function oddRows(): StoredRow[] {
  const startNs = BigInt(Date.parse(`${SAMPLE_DAY}T10:30:00Z`)) * 1_000_000n;
  return ODD_LINES.map((log, i) => ({
    // Nanoseconds that no millisecond holds, two and two in one.
    tsNs: startNs + BigInt(i >> 1) * 1_234_567_890n + BigInt(i & 1),
    source: "application",
    namespace: "lab",
    workload: "probe",
    pod: "probe-0",
    container: "probe",
    podId: "44444444-0000-0000-0000-000000000001",
    image: "probe:2",
    node: "node-a",
    stream: i % 3 === 0 ? "stderr" : "stdout",
    log,
    labels: { app: "probe", "a,b=c": 'quo"te', empty: "", z: "{[}" },
    file: "",
    pos: 0,
  }));
}
