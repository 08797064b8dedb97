/*
 * The AWS SDK, and nothing of ours: a bundle of its own (build.mjs), loaded when a query or a command asks AWS. A client
 * that is not asked for is never run.
 */
export const loadS3 = async () => await import("@aws-sdk/client-s3");
export const loadAthena = async () => await import("@aws-sdk/client-athena");
export const loadGlue = async () => await import("@aws-sdk/client-glue");
export const loadSts = async () => await import("@aws-sdk/client-sts");
export const loadCredentialProviders = async () => await import("@aws-sdk/credential-providers");
