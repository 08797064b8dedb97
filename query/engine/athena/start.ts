import { randomUUID } from "node:crypto";
import { CliError, EXIT } from "../../cli-error.ts";
import type { LoweredText } from "../engine.ts";
import type { Clients } from "./client.ts";
import { queryFailure } from "./query-failure.ts";
import type { AwsError } from "../../aws/request-error.ts";
import { request } from "./retry.ts";
import type { AthenaContext, AthenaSetup, Clock } from "./setup.ts";

/**
 * Starts a query; returns its id. All tries of one start have one token, so that a start whose answer was lost is not
 * started, and billed, twice; another call has another. Throws QueryError for a text that Athena refuses, CliError else.
 */
export async function startQuery(
  clients: Clients,
  { context, reuseMinutes = null }: AthenaSetup,
  query: LoweredText,
  clock: Clock,
  signal: AbortSignal,
): Promise<string> {
  const { catalog, database, workgroup } = context;
  const outputLocation = await locationToSend(clients, context, clock, signal);
  const input = {
    QueryString: query.sql,
    ClientRequestToken: randomUUID(),
    QueryExecutionContext: { Catalog: catalog, Database: database },
    ...(workgroup !== null && { WorkGroup: workgroup }),
    ...(outputLocation !== null && { ResultConfiguration: { OutputLocation: outputLocation } }),
    ...(reuseMinutes !== null && {
      ResultReuseConfiguration: {
        ResultReuseByAgeConfiguration: { Enabled: true, MaxAgeInMinutes: reuseMinutes },
      },
    }),
  };
  const { QueryExecutionId } = await request(
    "start the query on Athena",
    // Not ended by the signal: a query whose id is not known could not be stopped.
    async (options) => await clients.athena.startQueryExecution(input, options),
    { clock, stopRetrying: signal, refused: (error) => refusedText(error, query) },
  );
  if (QueryExecutionId !== undefined) return QueryExecutionId;
  throw new CliError("start the query on Athena: the answer names no query", "try again", EXIT.backend);
}

/** The place for results to ask for: none where the workgroup decides, by enforcing its own or by managing results. */
async function locationToSend(
  { athena }: Clients,
  { outputLocation, workgroup }: AthenaContext,
  clock: Clock,
  signal: AbortSignal,
): Promise<string | null> {
  if (outputLocation === null) return null;
  const name = workgroup ?? "primary";
  const get = { clock, signal, refused: unreadable };
  const send = async (options: { readonly abortSignal: AbortSignal }) =>
    await athena.getWorkGroup({ WorkGroup: name }, options);
  const answer = await request("read the workgroup", send, get).catch((error: unknown) => {
    if (error === UNREADABLE) return null;
    throw error;
  });
  const settings = answer?.WorkGroup?.Configuration;
  const isDecided =
    settings?.ManagedQueryResultsConfiguration?.Enabled === true ||
    (settings?.EnforceWorkGroupConfiguration === true && settings.ResultConfiguration?.OutputLocation !== undefined);
  return isDecided ? null : outputLocation;
}

/** Who may not look at the workgroup may still use it. */
const UNREADABLE = new Error("the workgroup can't be read");

function unreadable({ name }: AwsError): Error | null {
  return name === "AccessDeniedException" ? UNREADABLE : null;
}

/** Athena parses a text before it takes it. */
function refusedText({ name, message }: AwsError, query: LoweredText): Error | null {
  if (name !== "InvalidRequestException" || !/\bline \d+:\d+: /.test(message)) return null;
  const reason = message.slice(message.search(/(?:[A-Z][A-Z0-9_]{3,}: )?line \d+:\d+: /));
  return queryFailure({ reason, queryId: null, isCancelled: false }, query);
}
