/*
 * The AWS SDK, and nothing of ours: a bundle of its own (build.mjs), loaded when a configuration has an output to AWS.
 * What the clients share is in it once, and a client that no output needs is never run.
 */
export const loadCloudWatchLogs = async () => await import("@aws-sdk/client-cloudwatch-logs");
export const loadS3 = async () => await import("@aws-sdk/client-s3");
export const loadFirehose = async () => await import("@aws-sdk/client-firehose");
export const loadCredentialProviders = async () => await import("@aws-sdk/credential-providers");
