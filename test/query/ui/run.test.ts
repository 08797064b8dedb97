import { afterAll, beforeAll, expect, test } from "vitest";
import { runLogq } from "../run-logq.ts";
import { openBed, rowsAndSaid, type Bed } from "./bed.ts";

let bed: Bed;
beforeAll(async () => {
  bed = await openBed();
});
afterAll(() => bed[Symbol.asyncDispose]());

test.each([
  [["select * where pod='nginx'"]],
  [["--since", "3h", "select * where pod='nginx'"]],
  [["-g", "worker 1[0-9]", "-i", "-z", "Asia/Shanghai"]],
  [["-C", "1", "--limit", "3", "log.status >= 500"]],
  [["--fields", "ts,labels", "--limit", "all", "-n", "shop"]],
  [['select level, count(*), 1 as "2" group by 1 order by 2, 1']],
  [["--param", "pod=nginx", "select count(*) as n where pod = $pod"]],
  [["select 1 where false"]],
  [["hist", "--by", "level", "--interval", "30m"]],
  [["values", "pod"]],
  [["schema"]],
])("the rows of %j are those of the command line, byte for byte", async (args) => {
  const [answer, ran] = [
    await bed.post("/api/run", args),
    await runLogq([...args, "-o", "ndjson", "--store", bed.store]),
  ];
  const { rows, said } = rowsAndSaid(answer.body);
  expect(answer.status).toBe(200);
  expect(rows).toBe(ran.stdout);
  expect(said.at(-1)).toEqual({ end: { rows: ran.stdout.split("\n").length - 1, ms: expect.any(Number) } });
});
