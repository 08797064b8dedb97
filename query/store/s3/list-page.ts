import { textOf } from "../../../aws/xml.ts";

/** One answer of ListObjectsV2. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export interface ListPage {
  readonly objects: readonly ListedObject[];
  /** With a delimiter: what the keys have in common up to it. */
  readonly prefixes: readonly string[];
  /** Continuation token of the next page; null at the end. */
  readonly next: string | null;
}

interface ListedObject {
  readonly key: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
  /** With its quotes. */
  readonly etag: string;
}

/** Reads the XML of a page; null if it is none. S3's own XML, not any: without comments, CDATA and attributes to mind. */
export function parseListPage(xml: string): ListPage | null {
  if (!xml.includes("<ListBucketResult")) return null;
  const objects = [...xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)].map(([, content = ""]) => ({
    key: textOf(content, "Key"),
    bytes: Number(textOf(content, "Size")),
    modifiedMs: Date.parse(textOf(content, "LastModified")),
    etag: textOf(content, "ETag"),
  }));
  const prefixes = [...xml.matchAll(/<CommonPrefixes>(.*?)<\/CommonPrefixes>/gs)].map(([, content = ""]) =>
    textOf(content, "Prefix"),
  );
  const isTruncated = /<IsTruncated>true</.test(xml);
  return { objects, prefixes, next: isTruncated ? textOf(xml, "NextContinuationToken") : null };
}
