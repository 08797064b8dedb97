import { loadConfig } from "../../config/load.ts";
import { runAgent } from "../../agent/agent.ts";
import type { ProbePoint } from "../../agent/probe.ts";
import { createLog } from "../../agent/telemetry/log.ts";

/**
 * The agent, but it kills itself as `kill -9` would when a shipment reaches a point for the n-th time:
 *
 *   node killable-agent.ts CONFIG POINT N
 */
const [configPath = "", point, count = "1"] = process.argv.slice(2);
let left = Number(count);

function probe(reached: ProbePoint): void {
  if (reached !== point) return;
  left--;
  if (left === 0) process.kill(process.pid, "SIGKILL");
}

const { config } = loadConfig(configPath, process.env);
const stop = new AbortController();
process.on("SIGTERM", () => stop.abort());
await runAgent(config, { once: false, signal: stop.signal, log: createLog("warn"), probe });
