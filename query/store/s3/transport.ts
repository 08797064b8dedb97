/** GETs to one bucket: signed, sent, tried again, counted. */
import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeUri, withQuery } from "../../../aws/uri.ts";
import { loadS3 } from "../../aws/sdk.ts";
import { openEndpoint, type Endpoint } from "./endpoint.ts";
import { errorOf, faultOfAnswer, faultOfError, type Fault } from "./fault.ts";
import { createLimiter } from "./limiter.ts";
import { createSend, type Answer } from "./send.ts";

export interface Transport {
  /** Throws CliError where no try brought an answer that the request accepts, or the signal's reason. */
  perform(request: Request, signal: AbortSignal): Promise<Answer>;
  /** The name of who answers, once that is known. */
  readonly host: string;
}

interface Request {
  /** Null for a listing. */
  readonly key: string | null;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  /** HTTP statuses that are answers, not faults. */
  readonly accepts: readonly number[];
  /** How many bytes will come, at least about. */
  readonly bytes: number;
}

export interface TransportSetup {
  readonly bucket: string;
  /** Null leaves it to the SDK's configuration, and to what the bucket answers. */
  readonly region: string | null;
  readonly profile: string | null;
  /** Called for every try. */
  readonly onSend: (request: Request) => void;
  /** Waits between tries; tests need not. */
  readonly wait?: ((delayMs: number, signal: AbortSignal) => Promise<void>) | undefined;
  readonly silenceMsMax?: number | undefined;
}

/** Requests in flight at once, to be no bad neighbour, and what their answers may hold in memory. */
export const IN_FLIGHT_MAX = 64;
const BYTES_IN_FLIGHT_MAX = 32 * 1024 * 1024;

const TRIES_MAX = 5;
const DELAY_MS_FIRST = 200;
const DELAY_MS_MAX = 10_000;

/** Asks nothing, and loads the SDK at the first request. */
export function createTransport(setup: TransportSetup): Transport {
  const limiter = createLimiter({ inFlightMax: IN_FLIGHT_MAX, bytesMax: BYTES_IN_FLIGHT_MAX });
  const send = createSend(IN_FLIGHT_MAX, setup.silenceMsMax);
  const state: State = { endpoint: null, region: setup.region, host: "S3", clockOffsetMs: 0 };
  return {
    get host() {
      return state.host;
    },
    async perform(request, signal) {
      // Each request in flight listens.
      setMaxListeners(0, signal);
      const cured = new Set<Fault["cure"]>();
      for (let tries = 1; ; tries++) {
        const endpoint = (state.endpoint ??= openBucket(state, setup));
        const tried = await limiter.run(request.bytes, signal, async () => {
          setup.onSend(request);
          return await outcomeOf(exchange(await endpoint, request, state, send, signal), signal);
        });
        if ("status" in tried && request.accepts.includes(tried.status)) return tried;
        const fault = "status" in tried ? faultOfAnswer(tried) : tried;
        if (fault.cure === "again" && tries < TRIES_MAX) {
          const delayMs = Math.random() * Math.min(DELAY_MS_MAX, DELAY_MS_FIRST * 2 ** (tries - 1));
          await (setup.wait ?? waitFor)(delayMs, signal);
        } else if (fault.cure !== null && fault.cure !== "again" && !cured.has(fault.cure)) {
          // Each once: more would go in circles.
          cured.add(fault.cure);
          cure(state, fault, endpoint);
        } else throw errorOf(fault, { ...setup, key: request.key, host: state.host }, tries);
      }
    },
  };
}

interface State {
  /** Null before the first request, and where it is to be found out anew. */
  endpoint: Promise<Endpoint | Fault> | null;
  region: string | null;
  host: string;
  /** How far the service's clock is ahead. */
  clockOffsetMs: number;
}

async function openBucket(state: State, { bucket, profile }: TransportSetup): Promise<Endpoint | Fault> {
  try {
    const endpoint = await openEndpoint(await loadS3(), bucket, { region: state.region, profile });
    state.host = endpoint.hostname;
    return endpoint;
  } catch (error) {
    return faultOfError(error as Error);
  }
}

async function exchange(
  endpoint: Endpoint | Fault,
  { key, query, headers }: Request,
  { clockOffsetMs }: State,
  send: ReturnType<typeof createSend>,
  signal: AbortSignal,
): Promise<Answer | Fault> {
  if ("cure" in endpoint) return endpoint;
  const path = `${endpoint.basePath}${key === null ? "" : key.split("/").map(encodeUri).join("/")}`;
  const signed = await endpoint.sign({ path, query, headers, clockOffsetMs });
  const { protocol, hostname, port } = endpoint;
  return await send({ protocol, hostname, port, path: withQuery(path, query), headers: signed }, signal);
}

async function outcomeOf(asked: Promise<Answer | Fault>, signal: AbortSignal): Promise<Answer | Fault> {
  try {
    return await asked;
  } catch (error) {
    signal.throwIfAborted();
    return faultOfError(error as Error);
  }
}

/** Puts right what the answer says is wrong, unless a request beside it has done so already: it has another endpoint. */
function cure(state: State, fault: Fault, asked: State["endpoint"]): void {
  if (state.endpoint !== asked) return;
  if (fault.cure === "clock") state.clockOffsetMs = fault.clockOffsetMs;
  if (fault.cure === "region") state.region = fault.region;
  // Made anew it asks for credentials anew, too.
  state.endpoint = null;
}

async function waitFor(delayMs: number, signal: AbortSignal): Promise<void> {
  await sleep(delayMs, undefined, { signal });
}
