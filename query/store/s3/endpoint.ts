import type { loadS3 } from "../../aws/sdk.ts";

type Sdk = Awaited<ReturnType<typeof loadS3>>;

/** Where a bucket answers, and who asks. */
export interface Endpoint {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: number | undefined;
  /** Path of the bucket: "/" or "/bucket/"; an encoded key comes behind it. */
  readonly basePath: string;
  readonly region: string;
  /** Adds the headers that say who asks (Signature Version 4), for a GET of `path` now. */
  sign(request: SignRequest): Promise<Record<string, string>>;
}

interface SignRequest {
  /** Encoded, without its query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  /** What has to be added to this machine's clock. */
  readonly clockOffsetMs: number;
}

/** Where AWS asks for a region and none is known, any will do: the bucket's answer names its own. */
const FIRST_REGION = "us-east-1";

/**
 * Finds out by the SDK where a bucket is asked (region, partition, AWS_ENDPOINT_URL_S3, dual stack, FIPS), and with what
 * credentials; nothing is sent but what the credentials need. The requests themselves are ours: see docs/decisions/0014.
 * Endpoints that are not AWS's are asked by path. `region`: null leaves it to the SDK's configuration.
 */
export async function openEndpoint(
  sdk: Sdk,
  bucket: string,
  { region, profile }: { readonly region: string | null; readonly profile: string | null },
): Promise<Endpoint> {
  const common = { ...(profile !== null && { profile }), followRegionRedirects: false, maxAttempts: 1 };
  const known = region ?? (await regionOf(new sdk.S3Client(common)));
  const probe = new sdk.S3Client({ ...common, region: known });
  const forcePathStyle = await hasOwnEndpoint(probe.config);
  const client = forcePathStyle ? new sdk.S3Client({ ...common, region: known, forcePathStyle }) : probe;
  const resolved = await resolveRequest(sdk, client, bucket);
  const { protocol, hostname, port, path } = resolved;
  // S3's own signer of the SDK; it asks for credentials, and again before they expire.
  const signer = (await client.config.signer(undefined)) as unknown as Signer;
  const host = port === undefined ? hostname : `${hostname}:${port}`;
  return {
    protocol,
    hostname,
    port,
    basePath: path.slice(0, -PROBE_KEY.length),
    region: known,
    async sign({ path: asked, query, headers, clockOffsetMs }) {
      const request = {
        ...resolved,
        method: "GET",
        path: asked,
        query,
        headers: { ...headers, host },
        body: undefined,
      };
      const options = { signingDate: new Date(Date.now() + clockOffsetMs), signingRegion: known };
      return (await signer.sign(request, options)).headers;
    },
  };
}

/** A key that needs no encoding, to be cut off again. */
const PROBE_KEY = "key";

interface ResolvedRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly path: string;
}

interface Signer {
  sign(request: object, options: object): Promise<{ headers: Record<string, string> }>;
}

/** The request as the SDK would send it, taken before it does. */
async function resolveRequest(
  sdk: Sdk,
  client: InstanceType<Sdk["S3Client"]>,
  bucket: string,
): Promise<ResolvedRequest> {
  let resolved: ResolvedRequest | null = null;
  const command = new sdk.GetObjectCommand({ Bucket: bucket, Key: PROBE_KEY });
  const intercept = {
    name: "intercept",
    step: "build",
    priority: "high",
  } as const;
  command.middlewareStack.add(
    () => (args) => {
      const { protocol, hostname, port, path } = args.request as ResolvedRequest;
      resolved = { protocol, hostname, port, path };
      return Promise.resolve({ output: { $metadata: {} }, response: null });
    },
    intercept,
  );
  await client.send(command);
  return resolved!;
}

/** Whether the environment or the shared configuration names an endpoint for S3. */
async function hasOwnEndpoint(config: InstanceType<Sdk["S3Client"]>["config"]): Promise<boolean> {
  const { serviceConfiguredEndpoint } = config as { serviceConfiguredEndpoint?: () => Promise<string | undefined> };
  return ((await serviceConfiguredEndpoint?.()) ?? "") !== "";
}

async function regionOf(client: InstanceType<Sdk["S3Client"]>): Promise<string> {
  try {
    return await client.config.region();
  } catch {
    return FIRST_REGION;
  }
}
