type Env = Readonly<Record<string, string | undefined>>;

/** Where AWS is asked, and as whom; null leaves it to the SDK (environment, shared config files). */
export interface AwsAccess {
  readonly region: string | null;
  readonly profile: string | null;
}

type ServiceName = "ATHENA" | "GLUE" | "S3" | "STS";

const CONNECT_TIMEOUT_MS = 5000;

/**
 * Options of a client of the SDK. Region, credentials and endpoints are the SDK's to know, in every partition: nothing is
 * built from a region's name here.
 */
export function clientOptions({ region, profile }: AwsAccess, env: Env, service: ServiceName) {
  const endpoint = env[`AWS_ENDPOINT_URL_${service}`] || env["AWS_ENDPOINT_URL"];
  return {
    ...(region !== null && { region }),
    ...(profile !== null && { profile }),
    ...(endpoint !== undefined && endpoint !== "" && { endpoint }),
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      httpAgent: { keepAlive: true },
      httpsAgent: { keepAlive: true },
    },
  };
}
