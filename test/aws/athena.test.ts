import { Athena } from "@aws-sdk/client-athena";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { athenaClaims, COLUMNS } from "../conformance/athena-protocol.ts";
import { CONTEXT } from "../query/engine/athena/harness.ts";
import { endpoint, makeBucket } from "./moto.ts";

/** moto runs no query: it is told the answer of the next one. */
const ANSWER = {
  rows: [
    { Data: COLUMNS.map(([name]) => ({ VarCharValue: name })) },
    { Data: [{ VarCharValue: 'a,"b"' }, {}, { VarCharValue: "" }, { VarCharValue: "7" }] },
  ],
  column_info: COLUMNS.map(([name, type]) => ({ CatalogName: "hive", Name: name, Label: name, Type: type })),
};

athenaClaims("moto", async () => {
  const { bucket } = await makeBucket();
  const results = `s3://${bucket}/claims`;
  const s3 = new S3Client({ endpoint, forcePathStyle: true, region: "us-east-1" });
  return {
    client: new Athena({ endpoint, region: "us-east-1" }),
    setup: {
      context: { ...CONTEXT, outputLocation: results },
      env: { AWS_ENDPOINT_URL: endpoint },
      scanBytesMax: null,
      notice: () => {},
    },
    results,
    async willAnswer() {
      // Two looks move it on by one state.
      await post("state-manager/set-transition", transition(2));
      await post("static/athena/query-results", { results: [ANSWER] });
    },
    willRunOn: async () => await post("state-manager/set-transition", transition(1_000_000)),
    async readFile(location) {
      const Key = location.replace(`s3://${bucket}/`, "");
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
      return await Body!.transformToString();
    },
    [Symbol.asyncDispose]: async () => await post("state-manager/set-transition", transition(1)),
  };
});

function transition(times: number): object {
  return { model_name: "athena::execution", transition: { progression: "manual", times } };
}

async function post(path: string, body: object): Promise<void> {
  const answer = await fetch(`${endpoint}/moto-api/${path}`, { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`tell moto ${path}: ${answer.status} ${await answer.text()}`);
}
