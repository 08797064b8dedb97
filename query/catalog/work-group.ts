/** An Athena workgroup that stops a query past a number of bytes: the guard that holds for every program. */
import type { WorkGroupConfiguration } from "@aws-sdk/client-athena";

export interface WorkGroup {
  readonly name: string;
  /** A query is stopped when it has read so many bytes. Athena takes no less than 10 MB. */
  readonly bytesCutoff: number;
  /** Where results go; null: Athena keeps them itself (managed query results). */
  readonly outputLocation: string | null;
}

/** The cutoff if none is said: $0.50 a query at most, at $5 per TB. */
export const BYTES_CUTOFF = 100_000_000_000;
export const BYTES_CUTOFF_MIN = 10_000_000;

/** What Athena's CreateWorkGroup takes. The enforced settings hold whatever a query says. */
export function workGroupConfiguration({ bytesCutoff, outputLocation }: WorkGroup) {
  return {
    EnforceWorkGroupConfiguration: true,
    PublishCloudWatchMetricsEnabled: true,
    BytesScannedCutoffPerQuery: bytesCutoff,
    ...(outputLocation === null
      ? { ManagedQueryResultsConfiguration: { Enabled: true } }
      : { ResultConfiguration: { OutputLocation: outputLocation } }),
  } satisfies WorkGroupConfiguration;
}
