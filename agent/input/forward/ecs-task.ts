import { request } from "node:http";

import { isObject } from "../../log-record.ts";
import type { Logger } from "../../telemetry/log.ts";

/** What ECS says of the agent's own task (ECS: task metadata endpoint version 4, `/task`). */
export interface EcsTask {
  readonly cluster: string | undefined;
  readonly taskArn: string | undefined;
  readonly family: string | undefined;
  readonly revision: string | undefined;
  readonly service: string | undefined;
  /** Its containers by Docker's id. */
  readonly containers: ReadonlyMap<string, EcsContainer>;
}

interface EcsContainer {
  readonly name: string | undefined;
  readonly image: string | undefined;
}

export interface EcsTaskReader {
  /** The task as it was told last; asked for anew if it does not know the container. Null: not in ECS, or no answer. */
  taskOf(containerId: string): Promise<EcsTask | null>;
}

interface ReaderOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  readonly nowMs?: () => number;
}

const REQUEST_TIMEOUT_MS = 2000;
/** A container of another task is asked for again and again in vain. */
const ASK_AGAIN_MS = 5000;
const ANSWER_BYTES_MAX = 1024 * 1024;

/** Asks the endpoint that ECS names in the environment of every container; without it, nobody. */
export function createEcsTaskReader({ env, log, nowMs = () => performance.now() }: ReaderOptions): EcsTaskReader {
  const uri = env["ECS_CONTAINER_METADATA_URI_V4"] || null;
  let task: EcsTask | null = null;
  let askedAtMs = -Infinity;
  let asking: Promise<void> | null = null;
  let hasFailed = false;

  async function ask(): Promise<void> {
    try {
      task = taskFrom(JSON.parse(await get(`${uri}/task`)));
      hasFailed = false;
    } catch (err) {
      if (!hasFailed)
        log.warn(
          { input: "forward", uri, err },
          "cannot read the metadata of the ECS task; its records are shipped with what they say themselves",
        );
      hasFailed = true;
    }
    askedAtMs = nowMs();
    asking = null;
  }

  return {
    taskOf: async (containerId) => {
      if (uri === null) return null;
      const isKnown = task?.containers.has(containerId) === true;
      if (!isKnown && (asking !== null || nowMs() - askedAtMs >= ASK_AGAIN_MS)) await (asking ??= ask());
      return task;
    },
  };
}

function taskFrom(answer: unknown): EcsTask {
  if (!isObject(answer)) throw new Error("the answer is no JSON object");
  const containers = Array.isArray(answer["Containers"]) ? answer["Containers"].filter(isObject) : [];
  const known = containers.map((each) => [textOf(each["DockerId"]) ?? "", { name: textOf(each["Name"]), image: textOf(each["Image"]) }] as const); // prettier-ignore
  return {
    cluster: textOf(answer["Cluster"]),
    taskArn: textOf(answer["TaskARN"]),
    family: textOf(answer["Family"]),
    revision: textOf(answer["Revision"]),
    service: textOf(answer["ServiceName"]),
    containers: new Map(known),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

async function get(url: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
    const sent = request(url, { signal, agent: false }, (response) => {
      const pieces: Buffer[] = [];
      let length = 0;
      response.on("data", (piece: Buffer) => {
        pieces.push(piece);
        if ((length += piece.length) > ANSWER_BYTES_MAX) response.destroy(new Error("the answer is too large"));
      });
      response.on("end", () => {
        if (response.statusCode === 200) resolve(Buffer.concat(pieces).toString("utf8"));
        else reject(new Error(`it answered ${response.statusCode}`));
      });
      response.on("error", reject);
    });
    sent.on("error", reject);
    sent.end();
  });
}
