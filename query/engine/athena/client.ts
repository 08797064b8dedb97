import type { Athena } from "@aws-sdk/client-athena";
import type { S3 } from "@aws-sdk/client-s3";
import type { AthenaContext, AthenaSetup } from "./setup.ts";

const CONNECT_TIMEOUT_MS = 5000;

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

function options({ region, profile }: AthenaContext, env: AthenaSetup["env"], service: "ATHENA" | "S3") {
  const endpoint = env[`AWS_ENDPOINT_URL_${service}`] ?? env["AWS_ENDPOINT_URL"];
  return {
    ...(region !== null && { region }),
    ...(profile !== null && { profile }),
    ...(endpoint !== undefined && endpoint !== "" && { endpoint }),
    // Tried again by our own rules (retry.ts).
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      httpAgent: { keepAlive: true },
      httpsAgent: { keepAlive: true },
    },
  };
}
