import { crc32 } from "node:zlib";
import type { S3Config } from "../../../config/output/s3.ts";
import { contentsOf, escapeXml, textOf } from "../../../aws/xml.ts";
import type { Answer } from "../aws/exchange.ts";
import type { AwsError } from "../aws/fault.ts";
import { PLAN_METADATA, TOMBSTONE_METADATA, type Part, type Upload } from "./requests.ts";

/** A body from this size on is sent once S3 wants it: what it refuses by the head alone costs nothing then. */
const EXPECT_BYTES_MIN = 2 * 1024 * 1024;

/**
 * The error that an answer is, or null. CompleteMultipartUpload answers 200 before it is done, and may say afterwards that
 * it failed (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html); an answer without what S3
 * always says is not S3's.
 */
export function errorOf(answer: Answer, request: string): AwsError | null {
  const { status, headers, body } = answer;
  const xml = body.toString();
  const isError = status >= 300 || /<Error>/.test(xml);
  const lacks = isError ? null : lackOf(answer, request);
  if (!isError && lacks === null) return null;
  const name = textOf(xml, "Code") || (STATUS_NAMES[status] ?? `HTTP ${status}`);
  const message = lacks ?? (textOf(xml, "Message") || `HTTP status ${status}`);
  return Object.assign(new Error(message), { name, status: status < 300 ? 503 : status, headers });
}

/** Words for what has no body, as the answer to a HEAD. */
const STATUS_NAMES: Readonly<Record<number, string>> = {
  200: "InternalError",
  301: "PermanentRedirect",
  403: "Forbidden",
  404: "NotFound",
};

function lackOf({ headers, body }: Answer, request: string): string | null {
  const element = { CreateMultipartUpload: "<UploadId>", CompleteMultipartUpload: "<ETag>" }[request];
  if (element !== undefined) return body.includes(element) ? null : `the answer has no ${element}`;
  const hasEtag = request === "PutObject" || request === "UploadPart" || request === "HeadObject";
  return hasEtag && headers.etag === undefined ? "the answer has no ETag" : null;
}

/** Headers of a request with such a body: what S3 checks it by. */
export function bodyHeaders(body: readonly Buffer[]): Record<string, string> {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(body.reduce((sumBefore, piece) => crc32(piece, sumBefore), 0));
  const length = body.reduce((total, piece) => total + piece.length, 0);
  return {
    "x-amz-sdk-checksum-algorithm": "CRC32",
    "x-amz-checksum-crc32": sum.toString("base64"),
    ...(length >= EXPECT_BYTES_MIN && { expect: "100-continue" }),
  };
}

const ENCODINGS = { zstd: "zstd", gzip: "gzip", none: undefined } as const;

/** What S3 is told of an object when it is made, as headers. */
export function attributeHeaders(config: S3Config, planId: string, isTombstone: boolean): Record<string, string> {
  const { format, compression } = config;
  const tags = config.tagging.map(
    (tag) => tag.split("=", 1)[0]! + "=" + encodeURIComponent(tag.slice(tag.indexOf("=") + 1)),
  );
  const headers = {
    [`x-amz-meta-${PLAN_METADATA}`]: planId,
    [`x-amz-meta-${TOMBSTONE_METADATA}`]: isTombstone ? "1" : undefined,
    "content-type":
      config.contentType ?? (format === "parquet" ? "application/vnd.apache.parquet" : "application/x-ndjson"),
    "content-encoding": format === "parquet" ? undefined : ENCODINGS[compression],
    "x-amz-storage-class": config.storageClass,
    "x-amz-acl": config.cannedAcl,
    "x-amz-tagging": tags.length > 0 ? tags.join("&") : undefined,
    "x-amz-server-side-encryption": config.sse === "aes256" ? "AES256" : config.sse,
    "x-amz-server-side-encryption-aws-kms-key-id": config.sseKmsKeyId,
    "x-amz-server-side-encryption-bucket-key-enabled":
      config.sse === "aws:kms" ? String(config.sseBucketKey) : undefined,
  };
  const said = Object.entries(headers).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(said) as Record<string, string>;
}

/** The body of CompleteMultipartUpload. */
export function partsXml(parts: readonly Part[]): Buffer {
  const texts = parts.map(({ number, etag, crc32: sum }) => {
    const checksum = sum === undefined ? "" : `<ChecksumCRC32>${escapeXml(sum)}</ChecksumCRC32>`;
    return `<Part><PartNumber>${number}</PartNumber><ETag>${escapeXml(etag)}</ETag>${checksum}</Part>`;
  });
  const space = "http://s3.amazonaws.com/doc/2006-03-01/";
  return Buffer.from(`<CompleteMultipartUpload xmlns="${space}">${texts.join("")}</CompleteMultipartUpload>`);
}

/** A page of ListObjectsV2, and what asks for the next one; null at the end. */
export function keysOf({ body }: Answer): { keys: string[]; next: Record<string, string> | null } {
  const xml = body.toString();
  const token = textOf(xml, "NextContinuationToken");
  const keys = contentsOf(xml, "Contents").map((content) => textOf(content, "Key"));
  return { keys, next: token === "" ? null : { "continuation-token": token } };
}

/** A page of ListMultipartUploads, and where the next one begins; null at the end. */
export function uploadsOf({ body }: Answer): { uploads: Upload[]; next: Record<string, string> | null } {
  const xml = body.toString();
  const uploads = contentsOf(xml, "Upload").map((content) => ({
    key: textOf(content, "Key"),
    id: textOf(content, "UploadId"),
  }));
  const [key, id] = [textOf(xml, "NextKeyMarker"), textOf(xml, "NextUploadIdMarker")];
  const isTruncated = textOf(xml, "IsTruncated") === "true" && key !== "";
  return { uploads, next: isTruncated ? { "key-marker": key, ...(id !== "" && { "upload-id-marker": id }) } : null };
}
