import { expect, test } from "vitest";
import { bodyHeaders, errorOf, partsXml, uploadsOf } from "../../../../agent/output/s3/protocol.ts";

function answer(status: number, body: string, headers: Record<string, string> = {}) {
  return { status, headers, body: Buffer.from(body) };
}

test.each([
  ["PutObject", answer(200, "<html>sign in</html>"), "InternalError", "the answer has no ETag"],
  ["UploadPart", answer(200, ""), "InternalError", "the answer has no ETag"],
  ["CreateMultipartUpload", answer(200, "<html></html>"), "InternalError", "the answer has no <UploadId>"],
  ["CompleteMultipartUpload", answer(200, ""), "InternalError", "the answer has no <ETag>"],
  ["CompleteMultipartUpload", answer(200, "<Error><Code>SlowDown</Code></Error>"), "SlowDown", "HTTP status 200"],
])("%s is not done where the answer is not S3's, nor where an error comes late", (request, given, name, message) => {
  expect(errorOf(given, request)).toMatchObject({ status: 503, name, message });
});

test.each([
  [403, "", "Forbidden"],
  [404, "", "NotFound"],
  [400, "", "HTTP 400"],
  [403, "<Error><Code>AccessDenied</Code><Message>a &lt; b</Message></Error>", "AccessDenied"],
])("an answer of status %i with the body %j is called %s", (status, body, name) => {
  const error = errorOf(answer(status, body), "HeadObject");
  expect([error?.name, error?.status]).toEqual([name, status]);
  expect(error?.message).toBe(body === "" ? `HTTP status ${status}` : "a < b");
});

test("an answer without an error in it is none", () => {
  expect(errorOf(answer(200, "", { etag: '"1"' }), "PutObject")).toBe(null);
  expect(errorOf(answer(204, ""), "AbortMultipartUpload")).toBe(null);
});

test("a body is told with its CRC-32, and is waited for from 2 MiB on", () => {
  expect(bodyHeaders([Buffer.from("123456789")])).toEqual({
    "x-amz-sdk-checksum-algorithm": "CRC32",
    "x-amz-checksum-crc32": Buffer.from("cbf43926", "hex").toString("base64"),
  });
  expect(bodyHeaders([Buffer.alloc(2 * 1024 * 1024)])).toMatchObject({ expect: "100-continue" });
});

test("parts are named with what was said of them", () => {
  const parts = [
    { number: 1, etag: '"a&b"', crc32: "AAAA" },
    { number: 2, etag: '"c"', crc32: undefined },
  ];
  expect(partsXml(parts).toString()).toBe(
    '<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' +
      '<Part><PartNumber>1</PartNumber><ETag>"a&amp;b"</ETag><ChecksumCRC32>AAAA</ChecksumCRC32></Part>' +
      '<Part><PartNumber>2</PartNumber><ETag>"c"</ETag></Part></CompleteMultipartUpload>',
  );
});

test("uploads are listed page by page, as the answer says where the next one begins", () => {
  const upload = "<Upload><Key>a&amp;b/c</Key><UploadId>u1</UploadId></Upload>";
  const markers = "<NextKeyMarker>a&amp;b/c</NextKeyMarker><NextUploadIdMarker>u1</NextUploadIdMarker>";
  const page = (truncated: boolean) =>
    answer(200, `<R><KeyMarker/>${markers}<IsTruncated>${truncated}</IsTruncated>${upload}</R>`);
  expect(uploadsOf(page(true))).toEqual({
    uploads: [{ key: "a&b/c", id: "u1" }],
    next: { "key-marker": "a&b/c", "upload-id-marker": "u1" },
  });
  expect(uploadsOf(page(false)).next).toBe(null);
});
