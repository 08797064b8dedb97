import { randomBytes } from "node:crypto";
import { openGlue } from "../../query/catalog/glue.ts";
import { openWorkGroups } from "../../query/catalog/work-group.ts";
import { catalogClaims } from "../conformance/glue-protocol.ts";
import { endpoint } from "./moto.ts";

const ACCESS = { region: "us-east-1", profile: null };

catalogClaims("moto", async () => {
  const env = { AWS_ENDPOINT_URL: endpoint };
  const { signal } = new AbortController();
  return {
    glue: await openGlue(ACCESS, env, signal),
    groups: await openWorkGroups(ACCESS, env, signal),
    name: () => `db-${randomBytes(6).toString("hex")}`,
    [Symbol.asyncDispose]: async () => await Promise.resolve(),
  };
});
