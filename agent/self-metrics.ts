import type { EmfConfig, ServiceConfig } from "../config/service.ts";
import type { CloudWatchRequests } from "./output/cloudwatch/requests.ts";
import type { Logger } from "./telemetry/log.ts";
import { emfEvents, type EmfEvent, type Totals } from "./telemetry/emf.ts";
import { collectMetrics } from "./telemetry/metrics.ts";
import type { Telemetry } from "./telemetry/telemetry.ts";

const REQUEST_TIMEOUT_MS = 10_000;

export interface SelfMetrics extends Disposable {
  /** From now on by this configuration; null: none are sent. */
  configure(service: Pick<ServiceConfig, "emf" | "cluster" | "node"> | null): void;
  /** Sends now what the interval would send, unless that is under way. */
  send(): Promise<void>;
}

/**
 * Sends the agent's own figures to a log group every interval, as CloudWatch makes metrics of. Never holds up anything:
 * one request at a time, which is not repeated. What was counted meanwhile comes with the next one.
 */
export function createSelfMetrics(telemetry: Telemetry, log: Logger): SelfMetrics {
  let timer: NodeJS.Timeout | null = null;
  let sender: Sender | null = null;
  let underWay: Promise<void> | null = null;
  const send = async (): Promise<void> => {
    if (sender === null) return;
    underWay ??= sender.send().finally(() => (underWay = null));
    await underWay;
  };
  const stop = (): void => {
    if (timer !== null) clearInterval(timer);
    sender?.stop.abort(new Error("the agent ends"));
    [timer, sender] = [null, null];
  };
  return {
    configure: (service) => {
      stop();
      if (service === null || service.emf === null) return;
      sender = new Sender(service.emf, service, telemetry, log);
      timer = setInterval(() => void send(), service.emf.intervalMs).unref();
    },
    send,
    [Symbol.dispose]: stop,
  };
}

class Sender {
  readonly stop = new AbortController();
  readonly #emf: EmfConfig;
  readonly #names: Pick<ServiceConfig, "cluster" | "node">;
  readonly #telemetry: Telemetry;
  readonly #log: Logger;
  #requests: CloudWatchRequests | null = null;
  #totals: Totals = new Map();
  /** Said since the last success. */
  #said = false;

  constructor(emf: EmfConfig, names: Pick<ServiceConfig, "cluster" | "node">, telemetry: Telemetry, log: Logger) {
    this.#emf = emf;
    this.#names = names;
    this.#telemetry = telemetry;
    this.#log = log;
  }

  async send(): Promise<void> {
    try {
      const { cluster, node } = this.#names;
      const options = { ...this.#emf, cluster, node };
      const nowMs = Date.now();
      const { events, totals } = emfEvents(collectMetrics(this.#telemetry), this.#totals, options, nowMs);
      await this.#put(events, nowMs);
      this.#totals = totals;
      this.#said = false;
    } catch (error) {
      if (this.stop.signal.aborted || this.#said) return;
      this.#said = true;
      this.#log.warn({ err: error }, "cannot send the agent's own metrics; trying again at each emf_interval");
    }
  }

  async #put(events: readonly EmfEvent[], nowMs: number): Promise<void> {
    const { logGroup } = this.#emf;
    // A stream may have all characters but two.
    const name = { group: logGroup, stream: this.#names.node.replaceAll(/[:*]/g, "_").slice(0, 512) };
    const logEvents = events.map((event) => ({ timestamp: nowMs, message: JSON.stringify(event) }));
    const body = [Buffer.from(JSON.stringify({ logGroupName: name.group, logStreamName: name.stream, logEvents }))];
    const requests = (this.#requests ??= await this.#connect());
    if ((await requests.put(name, body)) !== "missing") return;
    if ((await requests.createStream(name)) === "missing") {
      await requests.createGroup(name.group);
      await requests.createStream(name);
    }
    await requests.put(name, body);
  }

  async #connect(): Promise<CloudWatchRequests> {
    const { createCloudWatchRequests } = await import("./output/cloudwatch/requests.ts");
    const { region, endpoint } = this.#emf;
    const access = { region, endpoint, profile: null, roleArn: null, externalId: null, stsEndpoint: null };
    const group = { autoCreateGroup: true, logRetentionDays: null, logGroupClass: null };
    return createCloudWatchRequests({
      ...access,
      ...group,
      logFormat: "json/emf",
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
    })(this.stop.signal);
  }
}
