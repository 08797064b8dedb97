import type { AwsConfig } from "../../../config/output/aws.ts";
import type { Fault } from "../retry.ts";
import { markCredentialErrors, roleCredentials } from "./credentials.ts";
import type { AwsError } from "./fault.ts";
import { sendPiecewise, type PiecewiseClient } from "./piecewise.ts";

const CONNECT_TIMEOUT_MS = 5000;

/** One service of AWS, as an adapter knows it. */
export interface Service<Client> {
  /** Loads the service's part of the SDK, and makes a client. Again where the credentials are to be asked for anew. */
  readonly open: () => Promise<Client>;
  /** Whether new credentials help. */
  readonly needsCredentials: (error: AwsError, request: string) => boolean;
  readonly faultOf: (error: AwsError, request: string) => Fault;
}

/** The client of one output: made at its first request, and anew where its credentials have expired. */
export class Connection<Client> {
  readonly #service: Service<Client>;
  #client: Promise<Client> | null = null;

  constructor(service: Service<Client>) {
    this.#service = service;
  }

  /** Sends one request; throws a `Fault` if it was not done, or the signal's reason. `signal`: null where nothing ends it but its time. */
  async send<Result>(
    request: string,
    call: (client: Client, options: { readonly abortSignal: AbortSignal }) => Promise<Result>,
    timeoutMs: number,
    signal: AbortSignal | null,
  ): Promise<Result> {
    const ended = new AbortController();
    const abort = (): void => ended.abort();
    signal?.throwIfAborted();
    signal?.addEventListener("abort", abort);
    // One clock for all of it, the credentials included: whatever hangs, the request ends.
    const timeout = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      timeout.reject(Object.assign(new Error(`no answer within ${timeoutMs} ms`), { name: "TimeoutError" }));
      ended.abort();
    }, timeoutMs);
    try {
      this.#client ??= this.#open();
      const sent = this.#client.then(async (client) => await call(client, { abortSignal: ended.signal }));
      return await Promise.race([sent, timeout.promise]);
    } catch (error) {
      signal?.throwIfAborted();
      // The SDK keeps credentials without an expiry for ever.
      if (this.#service.needsCredentials(error as AwsError, request)) this.#client = null;
      throw this.#service.faultOf(error as AwsError, request);
    } finally {
      signal?.removeEventListener("abort", abort);
      clearTimeout(timer);
    }
  }

  async #open(): Promise<Client> {
    try {
      return await this.#service.open();
    } catch (error) {
      this.#client = null;
      throw error;
    }
  }
}

/** Makes a client of the SDK. Endpoints and partitions are the SDK's to know, by the region. */
export async function openClient<Client extends Parameters<typeof markCredentialErrors>[0] & PiecewiseClient>(
  config: AwsConfig,
  create: (options: ReturnType<typeof clientOptions>) => Client,
): Promise<Client> {
  const client = create({ ...clientOptions(config), ...(await roleCredentials(config)) });
  markCredentialErrors(client);
  sendPiecewise(client);
  return client;
}

function clientOptions({ region, endpoint, profile }: AwsConfig) {
  return {
    // Where the endpoint is not AWS's, the region is a mere word of the signature.
    ...(region !== null ? { region } : endpoint !== null && { region: process.env["AWS_REGION"] ?? "us-east-1" }),
    ...(endpoint !== null && { endpoint }),
    ...(profile !== null && { profile }),
    // The wrapper tries again (retry.ts), for ever and with its own delays.
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      httpAgent: { keepAlive: true },
      httpsAgent: { keepAlive: true },
    },
  };
}
