import { expect, test } from "vitest";
import { openS3 } from "../agent/output/s3/bed.ts";
import { endpoint, makeBucket } from "./moto.ts";

const ROLE = "arn:aws:iam::123456789012:role/agent";

test("moto's STS gives the credentials of role_arn, with which an object is stored", async () => {
  const { bucket, objects } = await makeBucket();
  const role = { roleArn: ROLE, externalId: "x-1", stsEndpoint: endpoint };
  const { once } = openS3(endpoint, { bucket, ...role });
  expect(await once.put("a", [Buffer.from("x")], "plan")).toBe("stored");
  expect([...(await objects()).keys()]).toEqual(["a"]);
});
