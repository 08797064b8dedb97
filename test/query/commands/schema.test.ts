import { expect, onTestFinished, test } from "vitest";
import { tempFolder } from "../../agent/fixture.ts";
import { makeStore } from "../../helpers/store.ts";
import { runLogq } from "../run-logq.ts";

test("schema lists the columns with their types and meanings, partitions last", async () => {
  const { code, stdout, stderr } = await runLogq(["schema", "-o", "tsv"]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines[0]).toBe("name\ttype\tpartition\tmeaning");
  expect(lines[1]).toBe("ts\ttimestamp\tfalse\tevent time, UTC, to the millisecond");
  expect(lines.at(-1)).toBe("hour\tvarchar\ttrue\thour of ts in UTC: 00 to 23");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});

test("a table beside logs is named, its fields are not sampled", async () => {
  const { code, stdout } = await runLogq(["schema", "alb", "-o", "tsv", "--store", await sampleStore()]);
  const lines = stdout.trimEnd().split("\n");
  expect(code).toBe(0);
  expect(lines[5]).toBe("client_ip\tvarchar\tfalse\tthe client's address");
  expect(lines.at(-1)).toBe("dt\tvarchar\ttrue\tday of ts in UTC: 2026-11-21");
  const wrong = await runLogq(["schema", "vpcflow"]);
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("did you mean vpc_flow?")]);
});

test("a command's --help says how it is called, without running it", async () => {
  const { code, stdout } = await runLogq(["schema", "--help"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^Usage: logq schema \[TABLE\] \[options\]\n\ncolumns, labels and fields: types and meanings\n\nThe columns of logs, or of a table/,
  );
});

test("with a store the labels and JSON fields of its newest hour follow", async () => {
  const store = await sampleStore();
  const { code, stdout, stderr } = await runLogq(["schema", "--store", store, "-o", "ndjson"]);
  expect([code, stderr]).toEqual([0, "logq: fields of labels and log are those of 40 sampled rows\n"]);
  const fields = stdout
    .trim()
    .split("\n")
    .slice(20)
    .map((line) => JSON.parse(line) as { name: string });
  expect(fields.map(({ name }) => name)).toEqual([
    "labels.app",
    "labels.team",
    "labels['app.kubernetes.io/name']",
    "labels.tier",
    ...["status", "msg", "took", "big", "http.method", 'http."x.y"', "http.codes", "ok", "none"].map(
      (name) => `log.${name}`,
    ),
  ]);
  expect(fields).toContainEqual({
    name: "log.status",
    type: "number or string",
    partition: false,
    meaning: "in 20 % of the sample, such as 202",
  });
});

test("every field that schema names can be asked for", async () => {
  const store = await sampleStore();
  const { stdout } = await runLogq(["schema", "--store", store, "-o", "tsv", "-q"]);
  const names = stdout
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split("\t")[0]!);
  const { code, stderr } = await runLogq([`select ${names.join(", ")} limit 1`, "--store", store, "-q"]);
  expect([code, stderr]).toEqual([0, ""]);
});

test("time and scope flags say which rows are looked at", async () => {
  const store = await sampleStore();
  const none = await runLogq(["schema", "--store", store, "--all-time", "-n", "nope"]);
  expect(none.stderr).toContain("those of 0 sampled rows");
  const all = await runLogq(["schema", "--store", store, "--all-time"]);
  expect(all.stderr).toContain("those of 96 sampled rows");
});

test("a remembered store that cannot be read leaves the columns, one that was named is a failure", async () => {
  const remembered = await runLogq(["schema"], { env: { LOGQ_STORE: "/no/such" } });
  expect([remembered.code, remembered.stderr]).toEqual([
    0,
    "logq: fields of labels and log are left out: store /no/such does not exist\n",
  ]);
  expect(remembered.stdout.trim().split("\n")).toHaveLength(20);
  expect(await runLogq(["schema", "--store", "/no/such"])).toMatchObject({ code: 4, stdout: "" });
});

test("a mistake in a command's options is said as in a query's", async () => {
  const { code, stderr } = await runLogq(["schema", "--outptu", "csv"]);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: "logq: unknown option --outptu\n  did you mean --output?\n",
  });
});

async function sampleStore(): Promise<string> {
  const folder = tempFolder();
  onTestFinished(() => folder[Symbol.dispose]());
  await makeStore(folder.path);
  return folder.path;
}
