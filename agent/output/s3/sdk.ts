/*
 * The part of the AWS SDK that the output uses, and nothing of ours: a chunk of its own in the bundle, loaded when a
 * configuration has an s3 output (build.mjs).
 */
export {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
