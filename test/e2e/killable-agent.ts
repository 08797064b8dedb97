import { loadConfig } from "../../config/load.ts";
import { runAgent } from "../../agent/agent.ts";
import type { ProbePoint } from "../../agent/probe.ts";
import { createLog } from "../../agent/telemetry/log.ts";

/**
 * The agent, but it kills itself as `kill -9` would when it reaches a point for the n-th time. Its clock may run faster
 * than the real one, so that what is due in a minute is due in seconds:
 *
 *   node killable-agent.ts CONFIG POINT N [SPEED]
 *
 * It logs when it has sealed its first shipment: `{"message":"reading resumed","ms":<since the process started>}`.
 */
const [configPath = "", point, count = "1", speed = "1"] = process.argv.slice(2);
let left = Number(count);
let resumed = false;

const startMs = Date.now();
const now = Date.now.bind(Date);
Date.now = () => startMs + (now() - startMs) * Number(speed);

function probe(reached: ProbePoint): void {
  if (reached === "sealed" && !resumed) {
    resumed = true;
    process.stderr.write(`${JSON.stringify({ message: "reading resumed", ms: performance.now() })}\n`);
  }
  if (reached !== point) return;
  left--;
  if (left === 0) process.kill(process.pid, "SIGKILL");
}

const { config } = loadConfig(configPath, process.env);
const stop = new AbortController();
process.on("SIGTERM", () => stop.abort());
await runAgent(config, { once: false, signal: stop.signal, log: createLog("warn"), probe });
