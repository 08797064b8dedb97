/** An Athena workgroup that stops a query past a number of bytes: the guard that holds for every program. */
import type { WorkGroup, WorkGroupConfiguration, WorkGroupConfigurationUpdates } from "@aws-sdk/client-athena";
import { clientOptions, type AwsAccess } from "../aws/client-options.ts";
import { requestError, type AwsError } from "../aws/request-error.ts";
import type { Drift } from "./glue-table.ts";

export interface WorkGroupWish {
  readonly name: string;
  /** A query is stopped when it has read so many bytes; null: any limit will do. */
  readonly bytesCutoff: number | null;
  /** Where results go, `s3://…`; null: any place will do. */
  readonly outputLocation: string | null;
}

/** Made if no other cutoff is asked for: $0.50 a query at most, at $5 per TB. */
const BYTES_CUTOFF = 100_000_000_000;

/**
 * What Athena's CreateWorkGroup takes. What is enforced holds whatever a query says; without a place of one's own Athena
 * keeps the results itself (managed query results).
 */
export function workGroupConfiguration({ bytesCutoff, outputLocation }: WorkGroupWish) {
  return {
    EnforceWorkGroupConfiguration: true,
    PublishCloudWatchMetricsEnabled: true,
    BytesScannedCutoffPerQuery: bytesCutoff ?? BYTES_CUTOFF,
    ...(outputLocation === null
      ? { ManagedQueryResultsConfiguration: { Enabled: true } }
      : { ResultConfiguration: { OutputLocation: outputLocation } }),
  } satisfies WorkGroupConfiguration;
}

/** What of a workgroup that is there is not as it is wished. */
export function workGroupDrift(found: WorkGroup, { bytesCutoff, outputLocation }: WorkGroupWish): Drift[] {
  const { BytesScannedCutoffPerQuery: cutoff } = found.Configuration ?? {};
  const place = resultsPlace(found);
  const drift: Drift[] = [];
  if (cutoff === undefined ? true : bytesCutoff !== null && cutoff !== bytesCutoff)
    drift.push({ what: "bytes cutoff", is: cutoff?.toString() ?? null, wanted: String(bytesCutoff ?? BYTES_CUTOFF) });
  if (place === null ? true : outputLocation !== null && place !== outputLocation)
    drift.push({ what: "results", is: place, wanted: outputLocation ?? MANAGED });
  return drift;
}

/** Where the results of a workgroup's queries go: `s3://…`, Athena's own store, or null if each query must say it. */
export function resultsPlace({ Configuration: configuration }: WorkGroup): string | null {
  if (configuration?.ManagedQueryResultsConfiguration?.Enabled === true) return MANAGED;
  return configuration?.ResultConfiguration?.OutputLocation ?? null;
}

const MANAGED = "kept by Athena";

/** Each method throws CliError (exit 4) with what to do where Athena refuses. */
export interface WorkGroups {
  /** Null: there is none. */
  read(name: string): Promise<WorkGroup | null>;
  create(wish: WorkGroupWish): Promise<void>;
  /** Ends the drift, and leaves the rest as it is. */
  update(wish: WorkGroupWish, drift: readonly Drift[]): Promise<void>;
}

/** Loads the SDK. Source: Athena's API reference. */
export async function openWorkGroups(
  access: AwsAccess,
  env: Readonly<Record<string, string | undefined>>,
  abortSignal: AbortSignal,
): Promise<WorkGroups> {
  const { Athena } = await (await import("../aws/sdk.ts")).loadAthena();
  const client = new Athena(clientOptions(access, env, "ATHENA"));
  const asked = async <T>(action: string, answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      abortSignal.throwIfAborted();
      throw requestError(action, error as AwsError);
    }
  };
  return {
    async read(name) {
      const answer = client.getWorkGroup({ WorkGroup: name }, { abortSignal }).catch((error: unknown) => {
        if (/WorkGroup .*not found/i.test((error as Error).message)) return null;
        throw error;
      });
      return (await asked(`read workgroup ${name}`, answer))?.WorkGroup ?? null;
    },
    async create(wish) {
      const Description = "made by logq init";
      const Configuration = workGroupConfiguration(wish);
      const answer = client.createWorkGroup({ Name: wish.name, Description, Configuration }, { abortSignal });
      await asked(`create workgroup ${wish.name}`, answer);
    },
    async update(wish, drift) {
      const ConfigurationUpdates = updatesOf(wish, drift);
      const answer = client.updateWorkGroup({ WorkGroup: wish.name, ConfigurationUpdates }, { abortSignal });
      await asked(`update workgroup ${wish.name}`, answer);
    },
  };
}

function updatesOf(
  { bytesCutoff, outputLocation }: WorkGroupWish,
  drift: readonly Drift[],
): WorkGroupConfigurationUpdates {
  const drifted = new Set(drift.map(({ what }) => what));
  const isManaged = outputLocation === null;
  return {
    ...(drifted.has("bytes cutoff") && { BytesScannedCutoffPerQuery: bytesCutoff ?? BYTES_CUTOFF }),
    ...(drifted.has("results") && {
      ResultConfigurationUpdates: isManaged ? { RemoveOutputLocation: true } : { OutputLocation: outputLocation },
      ManagedQueryResultsConfigurationUpdates: { Enabled: isManaged },
    }),
  };
}
