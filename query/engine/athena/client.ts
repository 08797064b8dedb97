import type { Athena } from "@aws-sdk/client-athena";
import type { S3 } from "@aws-sdk/client-s3";
import { clientOptions } from "../../aws/client-options.ts";
import type { AthenaContext, AthenaSetup } from "./setup.ts";

/** The clients of one engine; S3's is made when a result file is read. */
export interface Clients {
  readonly athena: Athena;
  readonly openS3: () => Promise<S3>;
}

/**
 * Loads the SDK and makes a client. Region, credentials and endpoints are the SDK's to know, in every partition:
 * nothing is built from a region's name here.
 */
export async function openClients(context: AthenaContext, env: AthenaSetup["env"]): Promise<Clients> {
  const sdk = await import("../../aws/sdk.ts");
  const { Athena: Client } = await sdk.loadAthena();
  let s3: Promise<S3> | null = null;
  return {
    athena: new Client(options(context, env, "ATHENA")),
    openS3: () =>
      (s3 ??= sdk.loadS3().then(({ S3: S3Client }) => {
        const common = options(context, env, "S3");
        // A store of another maker rarely has a host name for each bucket.
        return new S3Client({ ...common, followRegionRedirects: true, forcePathStyle: common.endpoint !== undefined });
      })),
  };
}

function options(context: AthenaContext, env: AthenaSetup["env"], service: "ATHENA" | "S3") {
  // Tried again by our own rules (retry.ts).
  return { ...clientOptions(context, env, service), maxAttempts: 1 };
}
