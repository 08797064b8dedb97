import { CliError, EXIT } from "../../cli-error.ts";
import { requestError, type AwsError } from "../../aws/request-error.ts";
import type { Clock } from "./setup.ts";

/** Waits between tries: full jitter below a limit that doubles from `firstMs` to `mostMs`, `budgetMs` in all. */
interface Pace {
  readonly firstMs: number;
  readonly mostMs: number;
  readonly budgetMs: number;
}

/** Athena takes 20 starts and stops and 100 looks a second, an account: a moment later there is room again. */
const RATE: Pace = { firstMs: 100, mostMs: 5000, budgetMs: 60_000 };
/** Other queries have to end first. */
const QUOTA: Pace = { firstMs: 1000, mostMs: 10_000, budgetMs: 120_000 };
/** No answer, or one that says that the service has failed. */
const FAILURE: Pace = { firstMs: 100, mostMs: 2000, budgetMs: 15_000 };

const REQUEST_TIMEOUT_MS = 30_000;

export interface RetryOptions {
  readonly clock: Clock;
  /** Ends the request, the tries, and their waits; the reason is thrown. Without it nothing but the budget does. */
  readonly signal?: AbortSignal;
  /** The same, but a request that is under way goes on to its end. */
  readonly stopRetrying?: AbortSignal;
  /** What to throw for a refusal in place of `requestError`; null: that. */
  readonly refused?: (error: AwsError) => Error | null;
  /** Instead of each pace's own. */
  readonly budgetMs?: number;
}

/**
 * Sends one request, again where another try may help: throttling, the quota of concurrent queries, failures on the way.
 * `send` must be safe to repeat. Throws CliError: exit 5 for what did not end in time, else what `requestError` says.
 */
export async function request<Answer>(
  action: string,
  send: (options: { readonly abortSignal: AbortSignal }) => Promise<Answer>,
  { clock, signal, stopRetrying = signal, refused, budgetMs }: RetryOptions,
): Promise<Answer> {
  const startedAt = clock.now();
  for (let tries = 0; ; tries++) {
    stopRetrying?.throwIfAborted();
    let failed: AwsError;
    try {
      const timeout = AbortSignal.timeout(Math.min(REQUEST_TIMEOUT_MS, budgetMs ?? Infinity));
      return await send({ abortSignal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]) });
    } catch (error) {
      stopRetrying?.throwIfAborted();
      failed = error as AwsError;
    }
    const kind = kindOf(failed);
    if (kind === null) throw refused?.(failed) ?? requestError(action, failed);
    const pace = PACES[kind];
    const waitMs = clock.random() * Math.min(pace.mostMs, pace.firstMs * 2 ** tries);
    if (clock.now() - startedAt + waitMs > (budgetMs ?? pace.budgetMs)) throw gaveUp(kind, action, failed);
    await clock.sleep(waitMs, stopRetrying);
  }
}

type Kind = "rate" | "quota" | "failure";

const PACES: Readonly<Record<Kind, Pace>> = { rate: RATE, quota: QUOTA, failure: FAILURE };

const THROTTLED = new Set([
  "ThrottlingException",
  "Throttling",
  "TooManyRequestsException",
  "RequestLimitExceeded",
  "SlowDown",
]);
const CLOCK_SKEW = new Set(["RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"]);
/** What the SDK throws before anything is sent: the same again would be thrown. */
const LOCAL = new Set(["CredentialsProviderError", "TokenProviderError"]);

/** Why another try may help; null if it can't. Athena says TooManyRequestsException of its rate and of its quota. */
function kindOf(error: AwsError): Kind | null {
  const status = error.$metadata?.httpStatusCode;
  if (error.Reason === "CONCURRENT_QUERY_LIMIT_EXCEEDED" || /queries you can run concurrently/.test(error.message))
    return "quota";
  if (THROTTLED.has(error.name) || status === 429) return "rate";
  // The SDK sets its clock by the answer.
  if (CLOCK_SKEW.has(error.name) || /Signature (?:expired|not yet current)/.test(error.message)) return "failure";
  if (status !== undefined) return status >= 500 ? "failure" : null;
  return LOCAL.has(error.name) || error.message.startsWith("Region is missing")
    ? null
    : isOfNetwork(error)
      ? "failure"
      : null;
}

function isOfNetwork({ name, code = "" }: AwsError): boolean {
  return name === "TimeoutError" || name === "AbortError" || /^(?:E[A-Z]+|UND_ERR)/.test(code);
}

function gaveUp(kind: Kind, action: string, error: AwsError): CliError {
  if (kind === "quota") {
    return new CliError(
      `${action}: the account runs as many queries at once as Athena's quota allows`,
      "wait for other queries to end, use a workgroup with capacity of its own, or have the quota raised (Service Quotas, Athena: active DML queries)",
      EXIT.throttled,
    );
  }
  if (kind === "rate") {
    return new CliError(`${action}: throttled by AWS (${error.message})`, "try again in a minute", EXIT.throttled);
  }
  const text = error.message || error.code || error.name;
  if (error.$metadata?.httpStatusCode !== undefined)
    return new CliError(`${action}: AWS failed, again and again (${text})`, "try again later", EXIT.backend);
  const hint = "check the network, and AWS_ENDPOINT_URL if it is set; then try again";
  return new CliError(`${action}: no answer from AWS (${text})`, hint, EXIT.backend);
}
