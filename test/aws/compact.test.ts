import { expect, test } from "vitest";
import { compactionClaims } from "../conformance/compaction.ts";
import { bed, HOUR_MS, nameOf } from "../query/compact/bed.ts";
import { bucketPlace } from "../query/compact/bucket-place.ts";
import { PARTITION } from "../query/store/objects.ts";
import { endpoint, makeBucket } from "./moto.ts";

const open = async () => bucketPlace(endpoint, (await makeBucket()).bucket);

compactionClaims("moto", open);

test("moto: a marker has the logq-plan of the object in whose place it is", async () => {
  const place = await open();
  const hour = await bed(place);
  await hour.compact();
  hour.clock.nowMs += 2 * HOUR_MS;
  await hour.compact();
  const metadata = await place.metadata(`${PARTITION}/${nameOf(1, 2)}`);
  expect(metadata).toEqual({ "logq-plan": `plan of ${nameOf(1, 2)}`, "logq-compacted": "1" });
});
