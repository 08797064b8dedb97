import type { WorkGroup, WorkGroupConfiguration, WorkGroupConfigurationUpdates } from "@aws-sdk/client-athena";
import { Refusal, startJsonServer, type JsonFault, type JsonServer, type JsonServerOptions } from "./json-server.ts";

/**
 * Athena's workgroups alone, by the request loop of json-server.ts. Checked against an implementation that we did not
 * write by `npm run test:aws`.
 */
export interface WorkGroupServer extends JsonServer<JsonFault> {
  readonly groups: Map<string, WorkGroup>;
}

interface Asked {
  readonly WorkGroup?: string;
  readonly Name?: string;
  readonly Configuration?: WorkGroupConfiguration;
  readonly ConfigurationUpdates?: WorkGroupConfigurationUpdates;
}

export async function startWorkGroupServer(options: JsonServerOptions = {}): Promise<WorkGroupServer> {
  const groups = new Map<string, WorkGroup>();
  const server = await startJsonServer<Asked, JsonFault>(
    {
      target: "AmazonAthena",
      refusals: {},
      parse: (_, body) => JSON.parse(body.toString()) as Asked,
      keyOf: ({ WorkGroup: name, Name }) => name ?? Name ?? "",
      perform: (operation, asked) => ({ answer: perform(groups, operation, asked), taken: 0 }),
      stats: () => ({ groups: groups.size }),
    },
    options,
  );
  return Object.assign(server, { groups });
}

function perform(groups: Map<string, WorkGroup>, operation: string, asked: Asked): object {
  const name = asked.WorkGroup ?? asked.Name ?? "";
  const group = groups.get(name);
  if (operation === "CreateWorkGroup") {
    if (group !== undefined) throw invalid(`WorkGroup ${name} is already created`);
    groups.set(name, { Name: name, State: "ENABLED", Configuration: checked(asked.Configuration ?? {}) });
    return {};
  }
  if (group === undefined) throw invalid(`WorkGroup ${name} is not found.`);
  if (operation === "GetWorkGroup") return { WorkGroup: group };
  if (operation !== "UpdateWorkGroup") throw new Refusal(400, "UnknownOperationException", operation);
  const {
    ResultConfigurationUpdates: results,
    ManagedQueryResultsConfigurationUpdates: managed,
    ...others
  } = asked.ConfigurationUpdates ?? {};
  const configuration: WorkGroupConfiguration = { ...group.Configuration };
  if (others.BytesScannedCutoffPerQuery !== undefined)
    configuration.BytesScannedCutoffPerQuery = others.BytesScannedCutoffPerQuery;
  if (results?.RemoveOutputLocation === true) delete configuration.ResultConfiguration;
  if (results?.OutputLocation !== undefined)
    configuration.ResultConfiguration = { OutputLocation: results.OutputLocation };
  if (managed !== undefined) configuration.ManagedQueryResultsConfiguration = { Enabled: managed.Enabled };
  groups.set(name, { ...group, Configuration: checked(configuration) });
  return {};
}

/** What Athena's API reference says of the two places of results, and of the least cutoff. */
function checked(configuration: WorkGroupConfiguration): WorkGroupConfiguration {
  const { ManagedQueryResultsConfiguration: managed, ResultConfiguration: results } = configuration;
  if (managed?.Enabled === true && results?.OutputLocation !== undefined)
    throw invalid("Managed query results and an output location exclude each other");
  if ((configuration.BytesScannedCutoffPerQuery ?? 10_000_000) < 10_000_000)
    throw invalid("BytesScannedCutoffPerQuery must be at least 10000000");
  return configuration;
}

function invalid(message: string): Refusal {
  return new Refusal(400, "InvalidRequestException", message);
}
