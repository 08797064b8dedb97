import { fromNodeProviderChain, fromTemporaryCredentials } from "@aws-sdk/credential-providers";
import type { AwsConfig } from "../config/output/aws.ts";

/** Names the agent in the role's audit log (CloudTrail). */
const SESSION_NAME = "logq-agent";
/** Credentials are asked for anew so long before they expire, as the SDK does. */
const RENEWED_BEFORE_MS = 5 * 60_000;

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/**
 * Who asks, by the SDK's providers: what they find by themselves (environment, profile, Pod Identity, IRSA, the instance)
 * or, with `roleArn`, the role that this assumes by STS' AssumeRole. Kept until they are about to expire; what has no
 * expiry is kept for ever. An error has `isOfCredentials`, and the `status` of who refused, if someone did: what STS says
 * must not be taken for an answer of the service.
 */
export function createCredentials(config: Partial<AwsConfig>, region: string): () => Promise<Credentials> {
  const provider = providerOf(config, region);
  return async () => {
    try {
      return await provider();
    } catch (error) {
      const { $metadata } = error as { readonly $metadata?: { readonly httpStatusCode?: number } };
      throw Object.assign(error as Error, { isOfCredentials: true, status: $metadata?.httpStatusCode });
    }
  };
}

// A shipment that an older agent journaled lacks the role.
function providerOf(
  { profile = null, roleArn = null, externalId = null, stsEndpoint = null }: Partial<AwsConfig>,
  region: string,
): () => Promise<Credentials> {
  const clientConfig = {
    region,
    ...(stsEndpoint !== null && { endpoint: stsEndpoint }),
    // The wrapper tries again (retry.ts).
    maxAttempts: 1,
  };
  const named = profile === null ? {} : { profile };
  if (roleArn === null) {
    // It keeps them itself. A region of the caller is what STS is asked in where nothing else names one.
    const chain = fromNodeProviderChain({ ...named, ...(stsEndpoint !== null && { clientConfig }) });
    const callerClientConfig = { ...named, region: async () => await Promise.resolve(region) };
    return async () => await chain({ callerClientConfig });
  }
  const masterCredentials = fromNodeProviderChain({ ...named, clientConfig });
  const params = {
    RoleArn: roleArn,
    RoleSessionName: SESSION_NAME,
    ...(externalId !== null && { ExternalId: externalId }),
  };
  return kept(fromTemporaryCredentials({ masterCredentials, params, clientConfig }));
}

/** Asks once for all who wait, and uses what there is while it is valid, should no other be given. */
function kept(provider: () => Promise<Credentials>): () => Promise<Credentials> {
  let given: Credentials | null = null;
  let asked: Promise<Credentials> | null = null;
  const ask = async (): Promise<Credentials> => {
    try {
      return (given = await provider());
    } finally {
      asked = null;
    }
  };
  return async () => {
    if (given !== null && leftMs(given) >= RENEWED_BEFORE_MS) return given;
    asked ??= ask();
    try {
      return await asked;
    } catch (error) {
      if (given !== null && leftMs(given) > 0) return given;
      throw error;
    }
  };
}

function leftMs({ expiration }: Credentials): number {
  return expiration === undefined ? Infinity : expiration.getTime() - Date.now();
}
