import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CloudWatchInputConfig, LeaseConfig } from "../../../config/input/cloudwatch-logs.ts";
import { Pace, paced } from "../../output/pace.ts";
import { retrying } from "../../output/retry.ts";
import type { Logger } from "../../telemetry/log.ts";
import { spoolId } from "../spool/open-spools.ts";
import type { SpooledInput } from "../spool/spooled-input.ts";
import { pullLogGroup } from "./pull.ts";
import { createLogGroupRequests, type LogGroupRequests } from "./requests.ts";

/** The right to read the group, which one agent has at a time. */
interface ReadingRight {
  /** Waits until it is held. The signal that it gives is aborted when it is not held any more. */
  acquire(signal: AbortSignal): Promise<AbortSignal>;
  release(): Promise<void>;
}

/** What the input needs of the agent. */
export interface CloudWatchInputTools {
  readonly storagePath: string;
  /** A tag with `*`, which stands for `name`. */
  readonly expandTag: (pattern: string, name: string) => string;
  readonly openLease: (lease: LeaseConfig, log: Logger) => Promise<ReadingRight>;
}

/** Two inputs of the same group are one, with what was read of it. */
export function cloudWatchInputId({ endpoint, region, logGroupName }: CloudWatchInputConfig): string {
  return spoolId("cloudwatch_logs", JSON.stringify([endpoint, region, logGroupName]));
}

/** Reads a log group of CloudWatch Logs into a spool. Nothing is loaded before it runs. */
export function createCloudWatchInput(config: CloudWatchInputConfig, tools: CloudWatchInputTools): SpooledInput {
  const folder = join(tools.storagePath, "spool", cloudWatchInputId(config), "_ids");
  const tagOf = (stream: string): string => tools.expandTag(config.tag, stream);
  return {
    async run(spool, { once, signal, log }) {
      const read = async (ended: AbortSignal): Promise<void> => {
        const requests = openRequests(config, log, ended);
        await pullLogGroup(config, { spool, folder, requests, tagOf, once, now: Date.now, wait }, ended);
      };
      if (config.lease === null) return await read(signal);
      const right = await tools.openLease(config.lease, log);
      try {
        await whileHeld(right, read, signal);
      } finally {
        await right.release();
      }
    },
  };
}

/** Reads as long as the right is held, and again when it is. */
async function whileHeld(
  right: ReadingRight,
  read: (ended: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const held = await right.acquire(signal);
    try {
      return await read(AbortSignal.any([signal, held]));
    } catch (error) {
      if (signal.aborted || !held.aborted) throw error;
    }
  }
}

async function wait(delayMs: number, signal: AbortSignal): Promise<void> {
  await sleep(delayMs, undefined, { signal });
}

function openRequests(config: CloudWatchInputConfig, log: Logger, signal: AbortSignal): LogGroupRequests {
  const pace = new Pace({ perSecondMost: config.requestsPerSecond });
  return retrying(paced(createLogGroupRequests(config, signal), pace, signal), {
    signal,
    log,
    role: "input",
    output: config.logGroupName,
    said: new Set(),
  });
}
