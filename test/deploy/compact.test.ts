import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { runLogq } from "../query/run-logq.ts";
import "../query/store/s3/bed.ts";
import { startS3Server } from "../servers/s3-server.ts";

interface CronJob {
  readonly kind: string;
  readonly spec: {
    readonly jobTemplate: {
      readonly spec: { readonly template: { readonly spec: { readonly containers: readonly Container[] } } };
    };
  };
}

interface Container {
  readonly args: readonly string[];
}

const MANIFEST = new URL("../../deploy/kubernetes/compact/compact.yaml", import.meta.url).pathname;
/** Of the overlays. */
const SETTINGS: Readonly<Record<string, string>> = { LOG_BUCKET: "logs", LOG_PREFIX: "", CLUSTER_NAME: "prod" };

function commands(): string[][] {
  const objects = parseAllDocuments(readFileSync(MANIFEST, "utf8")).map((document) => document.toJS() as CronJob);
  return objects
    .filter(({ kind }) => kind === "CronJob")
    .map(({ spec }) => {
      const { args } = spec.jobTemplate.spec.template.spec.containers[0]!;
      return args.map((arg) => arg.replaceAll(/\$\((\w+)\)/g, (_, name: string) => SETTINGS[name]!));
    });
}

test("the CronJobs look at the hours that ended lately, and the daily one at those of the last nine days", async () => {
  await using server = await startS3Server();
  process.env["AWS_ENDPOINT_URL_S3"] = server.endpoint;
  const hours = ["dt=2026-03-01/hour=22", "dt=2026-02-24/hour=05", "dt=2026-02-01/hour=05"];
  for (const hour of hours) {
    const key = `cluster=prod/${hour}/node-1-0123456789abcdef0123-s3-1.parquet`;
    server.bucket("logs").put(key, Buffer.from("PAR1"), {}, { ifFree: true, ifMatch: null });
  }
  const env = { AWS_REGION: "us-east-1", AWS_ENDPOINT_URL_S3: server.endpoint };
  const outputs = [];
  for (const argv of commands()) {
    const { code, stdout, stderr } = await runLogq(argv, { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    outputs.push(stdout);
  }
  expect(outputs).toEqual(["0 hours of 1 merged\n", "0 hours of 2 merged\n"]);
});
