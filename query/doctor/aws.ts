/** Who asks AWS, and where the bucket is. */
import { clientOptions } from "../aws/client-options.ts";
import { requestError, type AwsError } from "../aws/request-error.ts";
import { CliError } from "../cli-error.ts";
import type { Context } from "../context.ts";
import { fail, ok, warn, type Check } from "./check.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Whose credentials they are, asked of STS, whose GetCallerIdentity nobody can be denied. */
export async function credentialsCheck(context: Context, env: Env, abortSignal: AbortSignal): Promise<Check> {
  const { STS } = await (await import("../aws/sdk.ts")).loadSts();
  try {
    const { Arn, Account } = await new STS(clientOptions(context, env, "STS")).getCallerIdentity({}, { abortSignal });
    return ok("credentials", `${Arn ?? "somebody"} of account ${Account ?? "unknown"}`);
  } catch (error) {
    abortSignal.throwIfAborted();
    const { message, hint } = requestError("ask AWS who you are", error as AwsError);
    return fail("credentials", message, hint ?? "aws sts get-caller-identity may say more");
  }
}

/** Whether requests go to the region in which the bucket is: Athena is to run there. */
export async function regionCheck(
  context: Context,
  bucket: string,
  env: Env,
  abortSignal: AbortSignal,
): Promise<Check> {
  const { S3 } = await (await import("../aws/sdk.ts")).loadS3();
  const options = clientOptions(context, env, "S3");
  const client = new S3({ ...options, followRegionRedirects: true, forcePathStyle: options.endpoint !== undefined });
  let region: string;
  try {
    region = await client.config.region();
  } catch (error) {
    const { message, hint } = requestError("find a region", error as AwsError);
    return fail("region", message, hint ?? "set AWS_REGION");
  }
  // Whether the bucket can be read is another check's; many policies do not allow this request.
  const head = await client.headBucket({ Bucket: bucket }, { abortSignal }).catch(() => null);
  abortSignal.throwIfAborted();
  const found = head?.BucketRegion;
  if (found === undefined || found === region) return ok("region", region);
  return warn(
    "region",
    `the region is ${region}, the bucket is in ${found}`,
    `set region in the context, or AWS_REGION=${found}: Athena costs more and is slower from elsewhere`,
  );
}

/** What `check` finds; what it throws for the user is a failure of that name. */
export async function guarded(name: string, check: () => Promise<readonly Check[]>): Promise<readonly Check[]> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return [fail(name, error.message, error.hint ?? "check the network and the permissions, and try again")];
  }
}
