import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { chartOf } from "./fleet/chart.ts";
import { storeLoad } from "./fleet/load.ts";
import { measureNode } from "./fleet/measure.ts";
import { reportOf } from "./fleet/report.ts";

const USAGE = `usage: npm run bench:fleet -- [options]

Encodes one node's hour with the agent's encoders at the rhythm of its pump, and computes from that, from prices and
from quotas what fleets of nodes ask of S3, Athena, CloudWatch Logs, Firehose and the API server, and what it costs.
Writes the tables into docs/scale.md and the picture beside it.

  --nodes LIST     (10,100,1000,5000,10000)
  --pods N         containers of a node (30)
  --mb N           raw log of a node in an hour (150)
  --print          to stdout only
`;

const TIMEOUTS_S = [60, 300, 600];

async function main(): Promise<void> {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const { values } = parseArgs({ options: { nodes: text, pods: text, mb: text, print: flag, help: flag } });
  if (values.help) return void process.stdout.write(USAGE);
  const sizes = (values.nodes ?? "10,100,1000,5000,10000").split(",").map(Number);
  const node = await measureNode(Number(values.pods ?? 30), Number(values.mb ?? 150) * 1e6, TIMEOUTS_S);
  const report = reportOf(node, sizes);
  process.stdout.write(`${report}\n`);
  if (values.print) return;
  const page = new URL("../docs/scale.md", import.meta.url);
  const [before = "", , after = ""] = readFileSync(page, "utf8").split(/(?<=<!-- measured -->\n)|(?=<!-- end -->)/);
  writeFileSync(page, `${before}\n${report}\n\n${after}`);
  const series = node.uploads.map((uploads) => sizes.map((nodes) => storeLoad(nodes, node, uploads)));
  writeFileSync(new URL("../docs/scale.svg", import.meta.url), chartOf(series));
}

await main();
