import type { AwsConfig } from "../../../config/output/aws.ts";
import type { AwsError } from "./fault.ts";

/** Names the agent in the role's audit log (CloudTrail). */
const SESSION_NAME = "logq-agent";

type Provider = (properties?: Record<string, unknown>) => Promise<{
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}>;

/**
 * Options of a client whose credentials are a role's, or come from an STS of the user's own: what the SDK finds by itself
 * (Pod Identity, IRSA, the instance, …) assumes `role_arn` by STS' AssumeRole. The SDK keeps what it is given and asks
 * anew five minutes before it expires. Null: what the SDK does by itself is right, and nothing is loaded.
 */
export async function roleCredentials(config: Partial<AwsConfig>): Promise<{ credentials: Provider } | null> {
  // A shipment that an older agent journaled lacks the role.
  const { region = null, profile = null, roleArn = null, externalId = null, stsEndpoint = null } = config;
  if (roleArn === null && stsEndpoint === null) return null;
  const { loadCredentialProviders } = await import("./sdk.ts");
  const { fromNodeProviderChain, fromTemporaryCredentials } = await loadCredentialProviders();
  const clientConfig = {
    ...(region !== null && { region }),
    ...(stsEndpoint !== null && { endpoint: stsEndpoint }),
    // The wrapper tries again (retry.ts).
    maxAttempts: 1,
  };
  const own = fromNodeProviderChain({ ...(profile !== null && { profile }), clientConfig });
  if (roleArn === null) return { credentials: own };
  const params = {
    RoleArn: roleArn,
    RoleSessionName: SESSION_NAME,
    ...(externalId !== null && { ExternalId: externalId }),
  };
  return { credentials: fromTemporaryCredentials({ masterCredentials: own, params, clientConfig }) };
}

/**
 * Marks the errors of a client that are of asking for credentials, as its requests throw them: what STS refuses must not
 * be taken for an answer of the service.
 */
export function markCredentialErrors(client: { readonly config: { credentials: Provider } }): void {
  const given = client.config.credentials;
  client.config.credentials = async (properties) => {
    try {
      return await given(properties);
    } catch (error) {
      throw Object.assign(error as AwsError, { isOfCredentials: true });
    }
  };
}
