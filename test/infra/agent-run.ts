import {
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { recordKey, shipmentOf } from "../../config/compact-records.ts";
import { cri, tempFolder } from "../agent/fixture.ts";
import {
  BUCKET,
  decisionsOf,
  ENDPOINT,
  openAccount,
  REGION,
  type Account,
  type Decision,
  type Statement,
} from "./account.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const KILLABLE = `${ROOT}test/e2e/killable-agent.ts`;
const WAIT_MS_MAX = 90_000;
const DAY_MS = 86_400_000;
/** More than one part of an upload, whatever is made of it. */
const LARGE_LINES = 8000;
/** Without them nothing is stored, so that no point of a shipment is reached. */
const NEEDED_TO_STORE = new Set(["s3:PutObject", "kms:GenerateDataKey", "kms:Decrypt"]);

/** What a run leaves: `ended uploads` are those that were interrupted; `old object alone`: what was merged came not again. */
export type Outcome = "object" | "old object alone" | "ended uploads" | "log events" | "metrics" | "Firehose's object";

export interface AgentRun {
  readonly decisions: readonly Decision[];
  /** Denied, but for what is asked of stores that are not AWS alone. */
  readonly denied: readonly Decision[];
  readonly missing: readonly Outcome[];
  /** The agents' log, but for the question that is left out of `denied`. */
  readonly said: string;
}

/**
 * One agent's life in an account of its own, by a user who may do what the statements say. It is killed eight days ago when
 * an object is there but not committed, which is merged and taken away meanwhile; started again, it is killed when a large
 * object is uploaded but not completed, started again and killed when the object is there but not committed, then left
 * alone, with all outputs, until everything is there but what `missing` names and, where something is to be denied, it was.
 */
export async function runAgentAs(
  statements: readonly Statement[],
  { missing, denied }: { readonly missing: readonly Outcome[]; readonly denied: boolean },
): Promise<AgentRun> {
  using folder = tempFolder();
  const account = await openAccount();
  const run = { user: "agent", said: "", env: { ...process.env, ...(await account.makeUser("agent", statements)) } };
  const path = join(folder.path, "agent.yaml");
  mkdirSync(join(folder.path, "logs"));
  await account.enforce();

  writeFileSync(path, configOf(folder.path, STORE));
  const isStuck = async (): Promise<boolean> => deniedOf(run.user).some(({ action }) => NEEDED_TO_STORE.has(action));
  writeLog(folder.path, "old", 10);
  const eightDaysAgo = { ...run, env: { ...run.env, ...shiftedClock(folder.path, -8 * DAY_MS) } };
  await live(eightDaysAgo, [KILLABLE, path, "published"], isStuck);
  const old = await mergeAll(account);
  run.said = eightDaysAgo.said;

  writeLog(folder.path, "large", LARGE_LINES);
  await live(run, [KILLABLE, path, "sealed"], isStuck);
  if (!(await isStuck())) await live(run, [KILLABLE, path, "published"], isStuck);

  writeFileSync(path, configOf(folder.path, [...STORE, ...SEND]));
  writeLog(folder.path, "small", 10);
  await live(run, ["agent/main.ts", "-c", path], async () => {
    const others = (await missingOf(account, old)).filter((outcome) => !missing.includes(outcome));
    return others.length === 0 && deniedOf(run.user).length > 0 === denied;
  });
  return {
    decisions: decisionsOf(run.user),
    denied: deniedOf(run.user),
    missing: await missingOf(account, old),
    said: run.said.replaceAll(/.*cannot find out whether the store minds.*/g, ""),
  };
}

interface Life {
  said: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Starts an agent, until it kills itself or `isEnough`. Throws if neither comes. */
export async function live(life: Life, args: readonly string[], isEnough: () => Promise<boolean>): Promise<void> {
  const agent = spawn("node", args, { cwd: ROOT, env: life.env, stdio: ["ignore", "ignore", "pipe"] });
  agent.stderr.setEncoding("utf8").on("data", (text: string) => (life.said += text));
  const closed = once(agent, "close");
  for (const startedAt = performance.now(); performance.now() - startedAt < WAIT_MS_MAX; await sleep(200)) {
    const isDone = await isEnough();
    if (isDone) agent.kill();
    if (!isDone && agent.exitCode === null && agent.signalCode === null) continue;
    await closed;
    return;
  }
  agent.kill("SIGKILL");
  throw new Error(`${args.join(" ")} did not get done within ${WAIT_MS_MAX / 1000} s; it said: ${life.said}`);
}

/** Variables for a process whose clock is off. */
function shiftedClock(folder: string, byMs: number): Record<string, string> {
  const SOAK_CLOCK = join(folder, "clock");
  writeFileSync(SOAK_CLOCK, `${byMs} 0`);
  return { SOAK_CLOCK, NODE_OPTIONS: `--import=${ROOT}test/soak/shifted-clock.mjs` };
}

/** As `logq compact` leaves it after the markers' life. Returns the keys that were there. */
async function mergeAll({ s3 }: Account): Promise<readonly string[]> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: "cluster=prod/" }));
  for (const { Key } of Contents) {
    const { writer, seq } = shipmentOf(basename(Key!))!;
    const inputs = [{ writer, seqs: [[seq, seq]] }];
    const record = { version: 1, state: "finished", outputs: [{ name: "merged-1-0.parquet", inputs, merged: [] }] };
    const at = { Bucket: BUCKET, Key: recordKey(dirname(Key!), 1, "outcome") };
    await s3.send(new PutObjectCommand({ ...at, Body: JSON.stringify(record) }));
    await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: Key! }));
  }
  return Contents.map(({ Key }) => Key!);
}

async function missingOf({ s3, logs }: Account, old: readonly string[]): Promise<Outcome[]> {
  const keys = async (Prefix: string): Promise<number> =>
    (await s3.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix }))).KeyCount ?? 0;
  const came = await Promise.all(old.map(keys));
  const events = async (logGroupName: string): Promise<number> =>
    (await logs.send(new FilterLogEventsCommand({ logGroupName }))).events?.length ?? 0;
  const uploads = (await s3.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }))).Uploads ?? [];
  const there: readonly [Outcome, boolean][] = [
    ["object", (await keys("cluster=prod/")) > 0],
    ["old object alone", came.every((count) => count === 0)],
    ["ended uploads", uploads.length === 0],
    ["log events", (await events("/logq/prod/application")) === 10],
    ["metrics", (await events("/logq/prod/metrics")) > 0],
    ["Firehose's object", (await keys("firehose/")) > 0],
  ];
  return there.filter(([, isThere]) => !isThere).map(([outcome]) => outcome);
}

export function deniedOf(user: string): Decision[] {
  // Whether a store minds conditions is asked of those that have an endpoint of their own: never of AWS.
  return decisionsOf(user).filter(({ allowed, resource }) => !allowed && !resource.endsWith("/_logq-probe"));
}

function writeLog(folder: string, app: string, lines: number): void {
  const startMs = Date.now() - 60_000;
  const line = (_: unknown, i: number): string => cri("stdout", "F", randomBytes(750).toString("base64"), startMs + i);
  const text = Array.from({ length: lines }, line).join("");
  writeFileSync(join(folder, "logs", `${app}_default_main-${"0".repeat(64)}.log`), text);
}

const AWS = `region: ${REGION}, endpoint: "${ENDPOINT}"`;
const STORE = [`{ name: s3, match: "*", bucket: my-logs, upload_timeout: 1s, ${AWS} }`];
const SEND = [
  `{ name: cloudwatch_logs, match: "*small*", log_group_name: /logq/prod/application, log_stream_prefix: from-, ${AWS} }`,
  `{ name: kinesis_firehose, match: "*small*", delivery_stream: logq-prod, ${AWS} }`,
];

function configOf(folder: string, outputs: readonly string[]): string {
  return `service:
  storage.path: ${folder}/state
  cluster: prod
  hostname: node-1
  log_level: debug
  grace: 2s
  emf_log_group: /logq/prod/metrics
  emf_interval: 1s
  emf_endpoint: ${ENDPOINT}
pipeline:
  inputs: [{ name: tail, tag: "kube.*", path: "${folder}/logs/*.log", multiline.parser: cri }]
  outputs:
${outputs.map((output) => `    - ${output}\n`).join("")}`;
}
