import { expect, test } from "vitest";
import { createS3Requests, type S3Requests } from "../../query/store/s3/requests.ts";
import type { S3Requests as Writing } from "../../agent/output/s3/requests.ts";

/** A service that speaks S3's protocol, with one empty bucket. */
export interface ReadingBed extends AsyncDisposable {
  readonly endpoint: string;
  readonly bucket: string;
  readonly writing: Pick<Writing, "put">;
}

const NEVER = new AbortController().signal;
/** More than a page. */
const KEYS = Array.from(
  { length: 1005 },
  (_, i) => `many/dt=1/hour=${i < 3 ? "00" : "01"}/k${String(i).padStart(4, "0")}`,
);

/** What logq relies on when it lists and reads, tried on any service. */
export function s3ReadingClaims(name: string, open: () => Promise<ReadingBed>): void {
  test(`${name}: keys are listed in their order, 1,000 a page, from a key on`, async () => {
    await using bed = await open();
    for (let i = 0; i < KEYS.length; i += 50)
      await Promise.all(KEYS.slice(i, i + 50).map((key) => bed.writing.put(key, [Buffer.from("x")], "plan")));
    const requests = openRequests(bed);
    const first = await requests.list({ prefix: "many/" }, NEVER);
    expect(first.objects.map(({ key }) => key)).toEqual(KEYS.slice(0, 1000));
    const rest = await requests.list({ prefix: "many/", token: first.next! }, NEVER);
    expect(rest.objects.map(({ key }) => key)).toEqual(KEYS.slice(1000));
    expect(rest.next).toBeNull();
    // From a folder's name on; from a key on, which is left out.
    const after = await requests.list({ prefix: "many/dt=1/", after: "many/dt=1/hour=00" }, NEVER);
    expect(after.objects[0]?.key).toBe(KEYS[0]);
    const later = await requests.list({ prefix: "many/", after: KEYS[1001]! }, NEVER);
    expect(later.objects.map(({ key }) => key)).toEqual(KEYS.slice(1002));
    // Before its prefix, as for one hour of a run.
    const hour = await requests.list({ prefix: "many/dt=1/hour=01/", after: "many/dt=1/hour=00" }, NEVER);
    expect(hour.objects[0]?.key).toBe(KEYS[3]);
    const folders = await requests.list({ prefix: "many/dt=1/hour=", foldersOnly: true }, NEVER);
    expect(folders).toEqual({ objects: [], prefixes: ["many/dt=1/hour=00/", "many/dt=1/hour=01/"], next: null });
  });

  test(`${name}: an object's listing says its size, when it was stored, and the ETag that reading it has`, async () => {
    await using bed = await open();
    await bed.writing.put("a=%20/b c+&é", [Buffer.from("0123456789")], "plan");
    const requests = openRequests(bed);
    const { objects } = await requests.list({ prefix: "a=%20/" }, NEVER);
    expect(objects).toMatchObject([
      { key: "a=%20/b c+&é", bytes: 10, etag: expect.stringMatching(/^".+"$/) as string },
    ]);
    expect(Math.abs(objects[0]!.modifiedMs - Date.now())).toBeLessThan(60_000);
    const { key, etag } = objects[0]!;
    expect(String(await requests.get(key, { start: 2, end: 5 }, etag, NEVER))).toBe("234");
    expect(String(await requests.get(key, { start: 0, end: 10 }, etag, NEVER))).toBe("0123456789");
    expect(String(await requests.get(key, null, etag, NEVER))).toBe("0123456789");
    await expect(requests.get(key, { start: 2, end: 5 }, '"another"', NEVER)).rejects.toThrow("was replaced");
    await expect(requests.get(key, { start: 8, end: 15 }, etag, NEVER)).rejects.toThrow("2 bytes came in place of 7");
  });

  test(`${name}: an object that is not there is null, a bucket that is not there says so`, async () => {
    await using bed = await open();
    expect(await openRequests(bed).get("nowhere", { start: 0, end: 1 }, null, NEVER)).toBeNull();
    const other = openRequests({ ...bed, bucket: "nowhere-at-all" });
    await expect(other.list({ prefix: "" }, NEVER)).rejects.toThrow("there is no bucket nowhere-at-all");
    await expect(other.get("k", { start: 0, end: 1 }, null, NEVER)).rejects.toThrow("there is no bucket");
  });
}

function openRequests({ endpoint, bucket }: Pick<ReadingBed, "endpoint" | "bucket">): S3Requests {
  process.env["AWS_ENDPOINT_URL_S3"] = endpoint;
  return createS3Requests({ bucket, region: "us-east-1", profile: null });
}
