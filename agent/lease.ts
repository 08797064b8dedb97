import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { LeaseConfig } from "../config/input/cloudwatch-logs.ts";
import { accessOf } from "./filter/kubernetes/access.ts";
import { ApiError, createApiClient, type ApiClient } from "./filter/kubernetes/api-client.ts";
import type { Logger } from "./telemetry/log.ts";

/** The right to do what one agent of a cluster does alone. */
export interface Lease {
  /** Waits until it is held. The signal that it gives is aborted when it is not held any more. */
  acquire(signal: AbortSignal): Promise<AbortSignal>;
  /** Gives it up, so that the next one need not wait. Never throws. */
  release(): Promise<void>;
}

export interface LeaseOptions {
  readonly client: ApiClient;
  readonly namespace: string;
  readonly name: string;
  /** Who holds it: unique among the agents. */
  readonly holder: string;
  readonly log: Logger;
  /** Milliseconds of a clock that never jumps. */
  readonly clock?: () => number;
  readonly wait?: (delayMs: number, signal: AbortSignal) => Promise<void>;
}

/** A lease over a connection of its own. Throws where there is no API to ask. */
export async function openLease(
  config: LeaseConfig,
  { node, env, log }: { node: string; env: NodeJS.ProcessEnv; log: Logger },
): Promise<Lease> {
  const { url, caFile, tokenFile, namespace, name } = config;
  const tls = { caPath: null, verify: true, verifyHostname: null, serverName: null };
  const access = accessOf({ url, caFile, tokenFile, tokenTtlMs: TOKEN_TTL_MS, ...tls, kubelet: null }, env);
  if (access === null)
    throw new Error(
      `cannot ask for the lease ${namespace}/${name}: not in a Kubernetes cluster; set kube_url, or remove lease`,
    );
  const client = await createApiClient(access);
  const lease = createLease({ client, namespace, name, holder: `${node}_${randomUUID()}`, log });
  return {
    acquire: async (signal) => await lease.acquire(signal),
    release: async () => {
      await lease.release();
      client.close();
    },
  };
}

const TOKEN_TTL_MS = 600_000;

/** As client-go's leader election has them by default: valid for so long, given up when not renewed for so long, asked for so often. */
const DURATION_SECONDS = 15;
const DEADLINE_MS = 10_000;
const RETRY_MS = 2000;

/** The parts of a Lease of coordination.k8s.io/v1 that are read. */
interface LeaseObject {
  readonly metadata: { readonly resourceVersion?: string };
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

/**
 * A Lease of Kubernetes, held by the rules of client-go's leader election, so that no two hold it: another's is taken when
 * it was not renewed for as long as it says, by one's own clock since it was seen to change; a change that somebody else
 * made meanwhile is refused by its resourceVersion; what can't be renewed in time is given up before another may take it.
 */
export function createLease(options: LeaseOptions): Lease {
  const { client, namespace, name, holder, log, clock = () => performance.now(), wait = sleep } = options;
  const folder = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  /** What was read last, and when it was first seen so. */
  let seen: { readonly text: string; readonly sinceMs: number } | null = null;
  let term: AbortController | null = null;
  let renewing: Promise<void> = Promise.resolve();

  /** One attempt to take or to renew it; false if another has it. Throws what keeps the API from answering. */
  async function claim(signal: AbortSignal): Promise<boolean> {
    const found = (await client.send("GET", `${folder}/${name}`, null, signal).catch(ifMissing)) as LeaseObject | null;
    const object = await write(found, holder, signal).catch(ifTaken);
    return object !== null;
  }

  async function write(found: LeaseObject | null, to: string, signal: AbortSignal): Promise<object | null> {
    const time = new Date().toISOString().replace("Z", "000Z");
    const head = { apiVersion: "coordination.k8s.io/v1", kind: "Lease" };
    if (found === null) {
      const spec = { holderIdentity: to, leaseDurationSeconds: DURATION_SECONDS, acquireTime: time, renewTime: time };
      const body = { ...head, metadata: { name, namespace }, spec: { ...spec, leaseTransitions: 0 } };
      return (await client.send("POST", folder, body, signal)) as object;
    }
    const { metadata, spec = {} } = found;
    const isOwn = spec.holderIdentity === holder;
    if (!isOwn && isHeld(spec)) return null;
    const body = {
      ...head,
      metadata,
      spec: {
        ...spec,
        holderIdentity: to,
        leaseDurationSeconds: to === "" ? 1 : DURATION_SECONDS,
        renewTime: time,
        ...(!isOwn && { acquireTime: time, leaseTransitions: (spec.leaseTransitions ?? 0) + 1 }),
      },
    };
    return (await client.send("PUT", `${folder}/${name}`, body, signal)) as object;
  }

  function isHeld(spec: NonNullable<LeaseObject["spec"]>): boolean {
    if (spec.holderIdentity === undefined || spec.holderIdentity === "") return false;
    const text = JSON.stringify(spec);
    if (seen?.text !== text) seen = { text, sinceMs: clock() };
    return clock() - seen.sinceMs < (spec.leaseDurationSeconds ?? DURATION_SECONDS) * 1000;
  }

  async function renew(own: AbortController, outer: AbortSignal, fromMs: number): Promise<void> {
    let renewedAtMs = fromMs;
    const ended = AbortSignal.any([outer, own.signal]);
    while (!ended.aborted) {
      await wait(RETRY_MS, ended).catch(() => undefined);
      if (ended.aborted) break;
      const askedAtMs = clock();
      using limit = deadline(renewedAtMs + DEADLINE_MS - askedAtMs, ended);
      const isOurs = await claim(limit.signal).catch((error: unknown) => (ended.aborted ? null : (error as Error)));
      if (isOurs === true) renewedAtMs = askedAtMs;
      else if (isOurs === false) return lose(own, "another agent has taken it");
      else if (isOurs !== null && clock() - renewedAtMs >= DEADLINE_MS) return lose(own, isOurs.message);
    }
  }

  function lose(own: AbortController, reason: string): void {
    log.warn({ lease: `${namespace}/${name}`, reason }, "lost the lease; waiting until it is free again");
    own.abort();
  }

  return {
    async acquire(signal) {
      await renewing;
      let said = false;
      for (;;) {
        signal.throwIfAborted();
        const askedAtMs = clock();
        const result = await claim(signal).catch((error: unknown) => error as Error);
        signal.throwIfAborted();
        if (result === true) {
          term = new AbortController();
          renewing = renew(term, signal, askedAtMs);
          log.info({ lease: `${namespace}/${name}`, holder }, "holds the lease");
          return term.signal;
        }
        if (!said) {
          const lease = `${namespace}/${name}`;
          if (result === false) log.info({ lease }, "another agent holds the lease; waiting until it is free");
          else log.error({ lease, reason: result.message }, "cannot ask for the lease; trying again");
        }
        said = true;
        await wait(RETRY_MS, signal);
      }
    },
    async release() {
      const isHolder = term !== null && !term.signal.aborted;
      term?.abort();
      await renewing;
      if (!isHolder) return;
      try {
        using limit = deadline(RETRY_MS, null);
        const found = (await client.send("GET", `${folder}/${name}`, null, limit.signal)) as LeaseObject;
        if (found.spec?.holderIdentity === holder) await write(found, "", limit.signal);
      } catch (error) {
        log.debug({ err: error }, "cannot give up the lease; it ends by itself");
      }
    },
  };
}

/** Nobody has made it yet. */
function ifMissing(error: unknown): null {
  if (error instanceof ApiError && error.status === 404) return null;
  throw error;
}

/** Somebody else was faster. */
function ifTaken(error: unknown): null {
  if (error instanceof ApiError && error.status === 409) return null;
  throw error;
}

function deadline(ms: number, outer: AbortSignal | null) {
  const controller = new AbortController();
  const end = (): void => controller.abort(new Error(`not renewed within ${DEADLINE_MS / 1000} s`));
  const timer = setTimeout(end, Math.max(0, ms));
  outer?.addEventListener("abort", end);
  return {
    signal: controller.signal,
    [Symbol.dispose](): void {
      clearTimeout(timer);
      outer?.removeEventListener("abort", end);
    },
  };
}

async function sleep(delayMs: number, signal: AbortSignal): Promise<void> {
  await delay(delayMs, undefined, { signal });
}
