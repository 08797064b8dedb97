import { setTimeout as sleep } from "node:timers/promises";
import { runLiveNode, startLiveNode, type LiveNode } from "../bench/generate/live.ts";
import { startAgent, type Agent } from "./agent.ts";
import { ask, show } from "./ask.ts";
import { renderHistogram } from "./histogram.ts";
import { prepareFolder, shorten, type Folder } from "./project.ts";
import type { Screen } from "./screen.ts";
import { count, countShipped, megabytes, renderShipped } from "./shipped.ts";

const PODS = 12;
const BACKLOG_MS = 10 * 60_000;
const LINES_PER_SECOND = 100;
/** One pod had a busy time, so that the histogram shows something: seconds of the backlog. */
const BUSY = { pod: 2, fromSecond: 330, toSecond: 420, linesPerSecond: 80 };
/** How long the node goes on writing while the agent ships. */
const LIVE_MS = 6000;
/** The kubelet's rotation of one pod's log after the other, and of nginx' log with each. */
const ROTATE_EVERY_MS = 700;
/** How long the last lines may take to arrive: a machine that builds something beside this is slow, and nothing is lost by waiting. */
const DRAIN_MS_MAX = 180_000;

/** The whole tour on a node made up for it. Throws if a part fails, or if a line is missing at the end. */
export async function runOnSampleNode(screen: Screen, signal: AbortSignal): Promise<void> {
  const folder = prepareFolder();
  const node = startSampleNode(folder);
  screen.heading("A sample node");
  screen.print(`${PODS} pods have written ${count(written(node))} lines in the last ten minutes, and go on:`);
  screen.print(`  ${shorten(folder.node)}/var/log/containers/*.log`);
  screen.heading("logq-agent follows them");
  const paths = [`${folder.node}/var/log/containers/*.log`];
  screen.print(`$ logq-agent -c ${shorten(folder.config)}`);
  const agent = startAgent(folder, { paths, once: false, links: true, hostname: "sample-node" });
  try {
    await Promise.race([live(node, folder, screen, signal), agent.done]);
    await drain(node, agent, folder, screen, signal);
  } finally {
    await agent.stop();
  }
  await showAnswers(folder, screen);
  suggest(folder, screen);
}

/** Writes the backlog; the clock of the node stands at now. */
function startSampleNode(folder: Folder): LiveNode {
  const startMs = Date.now() - BACKLOG_MS;
  const size = { pods: PODS, sizes: "even", linesPerSecond: LINES_PER_SECOND } as const;
  const node = startLiveNode({ root: folder.node, ...size, seed: 1, startMs, hard: false });
  for (let second = 0; second < BACKLOG_MS / 1000; second++) {
    if (second >= BUSY.fromSecond && second < BUSY.toSecond) {
      node.containers[BUSY.pod]!.feed(BUSY.linesPerSecond, node.nowMs, 1e9 / BUSY.linesPerSecond);
    }
    node.step(1000);
  }
  return node;
}

/** The node writes and rotates for LIVE_MS; the screen says what arrives. */
async function live(node: LiveNode, folder: Folder, screen: Screen, signal: AbortSignal): Promise<void> {
  const timeout = AbortSignal.timeout(LIVE_MS);
  const ended = AbortSignal.any([timeout, signal]);
  const rotating = rotate(node, ended);
  const running = runLiveNode(node, ended);
  while (!ended.aborted) {
    await sleep(500, undefined, { signal: ended }).catch(() => undefined);
    screen.status(await renderProgress(node, folder));
  }
  await Promise.all([rotating, running]);
  signal.throwIfAborted();
  node.end();
}

async function rotate(node: LiveNode, signal: AbortSignal): Promise<void> {
  for (let turn = 1; !signal.aborted; turn++) {
    await sleep(ROTATE_EVERY_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    node.rotate(0);
    if (turn % PODS !== 0) node.rotate(turn % PODS);
    if (turn === 3) node.restart(1);
  }
}

async function drain(node: LiveNode, agent: Agent, folder: Folder, screen: Screen, signal: AbortSignal): Promise<void> {
  const lines = written(node);
  const deadlineMs = performance.now() + DRAIN_MS_MAX;
  let shipped = await countShipped(folder);
  while (shipped.records < lines) {
    if (performance.now() > deadlineMs) {
      throw new Error(`wait for the last lines: ${shipped.records} of ${lines} arrived; see ${folder.agentLog}`);
    }
    await Promise.race([sleep(300), agent.done]);
    signal.throwIfAborted();
    shipped = await countShipped(folder);
    screen.status(`written ${count(lines)} lines · ${renderShipped(shipped)}`);
  }
  if (shipped.records > lines) throw new Error(`count the records: ${shipped.records} for ${lines} lines`);
  const raw = node.containers.reduce((sum, { log }) => sum + log.bytesTotal, 0);
  const sizes = `${megabytes(raw)} of logs are ${megabytes(shipped.bytes)} in ${shorten(folder.store)}`;
  screen.print(`Each line once, through rotations and a restart: ${sizes}`);
}

async function renderProgress(node: LiveNode, folder: Folder): Promise<string> {
  return `written ${count(written(node))} lines · ${renderShipped(await countShipped(folder))}`;
}

/** Lines of all pods; each is a record. */
function written(node: LiveNode): number {
  return node.containers.reduce((sum, { sequence }) => sum + sequence, 0);
}

async function showAnswers(folder: Folder, screen: Screen): Promise<void> {
  const format = (name: string): string[] => (screen.isTerminal ? [] : ["-o", name]);
  screen.heading("Ask what you shipped");
  await show(folder, screen, "select * where pod='nginx'", ["--limit", "5", ...format("log")]);
  const errors = "select workload, count(*) as errors where level >= error group by 1 order by 2 desc";
  await show(folder, screen, errors, format("table"));
  const perMinute = "select date_trunc('minute', ts) as minute, count(*) as records group by 1 order by 1";
  screen.command(`logq "${perMinute}"`);
  const rows = await ask<{ minute: string; records: number }>(folder, perMinute);
  for (const line of renderHistogram(rows.map((row) => ({ label: row.minute.slice(11, 16), count: row.records })))) {
    screen.print(line);
  }
}

function suggest(folder: Folder, screen: Screen): void {
  const logq = `node ${shorten(folder.programs.logq)} --store ${shorten(folder.store)}`;
  screen.heading("Try next");
  screen.print(`  ${logq} --level error -g timeout`);
  screen.print(
    `  ${logq} "select log.msg, approx_percentile(log.latency_ms, 0.99) as p99 where workload='shop' group by 1"`,
  );
  screen.print(`  npm start -- /var/log/some.log      the same on your own log files`);
  screen.print(`The agent's configuration: ${shorten(folder.config)}; all of this is in ${shorten(folder.path)}`);
}
