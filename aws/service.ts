/*
 * All that needs the AWS SDK to ask a service of AWS: a bundle of its own (build.mjs), loaded when a configuration has an
 * output to AWS. The SDK says where the service is and who asks, and signs; its clients, which would send the requests too,
 * cost 8 MB and twice the CPU (docs/decisions/0016).
 */
import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import type { AwsConfig } from "../config/output/aws.ts";
import { createCredentials } from "./credentials.ts";
import { resolveEndpoint, type Endpoint, type ServiceName } from "./endpoint.ts";

/** A service of AWS, or what speaks its protocol. */
export interface Service extends Endpoint {
  /**
   * Adds the headers that say who asks (Signature Version 4), at a time by the service's clock. May throw an error of
   * asking for credentials (`isOfCredentials`).
   */
  readonly sign: (request: SignRequest, date: Date) => Promise<Readonly<Record<string, string>>>;
}

interface SignRequest {
  readonly method: string;
  /** Encoded, the service's base path included; without its query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  /** SHA-256 of the body in hex. */
  readonly bodyHash: string;
}

/** Finds out where a service is and who asks it; nothing is sent but what that needs. `bucket`: of S3 alone. */
export async function openService(
  name: ServiceName,
  config: AwsConfig,
  bucket: string | null = null,
): Promise<Service> {
  const endpoint = await resolveEndpoint(name, config, bucket);
  const { protocol, hostname, port, signingRegion, signingName } = endpoint;
  const signer = new SignatureV4({
    credentials: createCredentials(config, signingRegion),
    region: signingRegion,
    service: signingName,
    sha256: Sha256,
    // S3 alone signs paths as they are sent.
    uriEscapePath: name !== "s3",
  });
  const host = port === null ? hostname : `${hostname}:${port}`;
  return {
    ...endpoint,
    async sign({ method, path, query, headers, bodyHash }, signingDate) {
      const signed = await signer.sign(
        {
          protocol,
          hostname,
          method,
          path,
          query: { ...query },
          headers: { ...headers, host, "x-amz-content-sha256": bodyHash },
        },
        { signingDate },
      );
      return signed.headers;
    },
  };
}

/** Node's SHA-256, and HMAC with a key, as the SDK calls them. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    // The SDK has a key as a text or as bytes.
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret as string | Uint8Array);
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {}
}
