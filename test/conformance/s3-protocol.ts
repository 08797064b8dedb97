import { expect, test } from "vitest";
import type { S3Requests } from "../../agent/output/s3/requests.ts";

/** A service that speaks S3's protocol, with one empty bucket. */
export interface S3Bed extends AsyncDisposable {
  readonly endpoint: string;
  requests(bucket?: string): S3Requests;
}

const PART = Buffer.alloc(5 * 1024 * 1024, "part");
const REST = Buffer.from("rest");

/** What the agent relies on, and what our server claims of S3, tried on any service. */
export function s3ProtocolClaims(name: string, open: () => Promise<S3Bed>): void {
  test(`${name}: a put keeps its metadata, and a second one of the key is answered by 412`, async () => {
    await using bed = await open();
    const requests = bed.requests();
    expect(await requests.head("a/k=v/x")).toBe("missing");
    expect(await requests.put("a/k=v/x", [REST], "plan-1")).toBe("stored");
    expect(await requests.put("a/k=v/x", [PART], "plan-2")).toBe("exists");
    expect(await requests.head("a/k=v/x")).toMatchObject({ planId: "plan-1", isTombstone: false });
  });

  test(`${name}: a put over an ETag replaces that object and no other`, async () => {
    await using bed = await open();
    const requests = bed.requests();
    await requests.put("k", [REST], "plan-1", { isTombstone: true });
    const found = await requests.head("k");
    if (typeof found === "string") throw new Error(found);
    expect(found.isTombstone).toBe(true);
    expect(await requests.put("k", [PART], "plan-1", { over: found.etag })).toBe("stored");
    expect(await requests.head("k")).toMatchObject({ isTombstone: false });
    expect(await requests.put("k", [REST], "plan-1", { over: found.etag })).toBe("exists");
  });

  test(`${name}: to find out whether it minds conditions leaves nothing behind`, async () => {
    await using bed = await open();
    const requests = bed.requests();
    await requests.probe("_probe");
    expect(await requests.head("_probe")).toBe("missing");
  });

  test(`${name}: an upload is seen when it is completed, with the metadata of its start`, async () => {
    await using bed = await open();
    const requests = bed.requests();
    const upload = await requests.createUpload("k", "plan-1");
    const parts = [await requests.uploadPart(upload, 1, [PART]), await requests.uploadPart(upload, 2, [REST])];
    expect(await requests.head("k")).toBe("missing");
    expect(await requests.listUploads("")).toEqual([upload]);
    expect(await requests.completeUpload(upload, parts.filter(isPart))).toBe("stored");
    expect(await requests.head("k")).toMatchObject({ planId: "plan-1" });
    expect(await requests.listUploads("")).toEqual([]);
  });

  test(`${name}: an upload to a key that is taken is answered by 412, and can be aborted`, async () => {
    await using bed = await open();
    const requests = bed.requests();
    const upload = await requests.createUpload("k", "plan-2");
    const part = await requests.uploadPart(upload, 1, [REST]);
    await requests.put("k", [REST], "plan-1");
    expect(await requests.completeUpload(upload, [part].filter(isPart))).toBe("exists");
    await requests.abortUpload(upload);
    expect(await requests.listUploads("")).toEqual([]);
    expect(await requests.head("k")).toMatchObject({ planId: "plan-1" });
  });

  test(`${name}: an aborted upload is gone, and may be aborted again`, async () => {
    await using bed = await open();
    const requests = bed.requests();
    const upload = await requests.createUpload("k", "plan-1");
    await requests.uploadPart(upload, 1, [REST]);
    await requests.abortUpload(upload);
    await requests.abortUpload(upload);
    expect(await requests.listUploads("")).toEqual([]);
    expect(await requests.head("k")).toBe("missing");
  });

  test(`${name}: a part that is no last one and smaller than 5 MiB is refused`, async () => {
    await using bed = await open();
    const requests = bed.requests();
    const upload = await requests.createUpload("k", "plan-1");
    const parts = [
      await requests.uploadPart(upload, 1, [PART.subarray(1)]),
      await requests.uploadPart(upload, 2, [REST]),
    ].filter(isPart);
    await expect(requests.completeUpload(upload, parts)).rejects.toMatchObject({ code: "EntityTooSmall" });
  });

  test(`${name}: uploads are listed by prefix`, async () => {
    await using bed = await open();
    const requests = bed.requests();
    const own = await requests.createUpload("a/1", "plan-1");
    const other = await requests.createUpload("b/1", "plan-1");
    expect(await requests.listUploads("a/")).toEqual([own]);
    for (const upload of [own, other]) await requests.abortUpload(upload);
  });

  test(`${name}: a bucket that is not there is NoSuchBucket, with a HEAD it is mere absence`, async () => {
    await using bed = await open();
    const requests = bed.requests("nowhere-at-all");
    await expect(requests.put("k", [REST], "plan-1")).rejects.toMatchObject({ code: "NoSuchBucket" });
    await expect(requests.createUpload("k", "plan-1")).rejects.toMatchObject({ code: "NoSuchBucket" });
    expect(await requests.head("k")).toBe("missing");
  });
}

function isPart<Part>(part: Part | "gone"): part is Part {
  return part !== "gone";
}
