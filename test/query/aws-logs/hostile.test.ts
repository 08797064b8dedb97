import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { tempFolder } from "../../agent/fixture.ts";
import { runLogq } from "../run-logq.ts";
import { gzippedRecords, trailKey, writeBelow, type Event } from "./cloudtrail-files.ts";

let folder: ReturnType<typeof tempFolder>;
beforeEach(() => (folder = tempFolder()));
afterEach(() => folder[Symbol.dispose]());

const KEY = trailKey("111122223333", "eu-central-1", "20261121T0505Z", "aaaaaaaaaaaaaaa2");
const event = (name: string, more: Event = {}): Event => ({
  eventTime: "2026-11-21T05:00:00Z",
  eventName: name,
  ...more,
});

async function put(content: Buffer | string, key = KEY): Promise<void> {
  await writeBelow(folder.path, key, content);
}

/** The events that are found in spite of all, and what is said of the others. */
async function ask(
  query = "select eventname, requestparameters.a as a from cloudtrail order by 1",
): Promise<[string, string]> {
  const { code, stdout, stderr } = await runLogq(["--store", folder.path, "-o", "csv", query]);
  expect(code).toBe(0);
  return [stdout.split("\n").slice(1, -1).join(" "), stderr];
}

test("a torn file is read up to where it is torn, and that is said", async () => {
  const whole = gzippedRecords(Array.from({ length: 500 }, (_, i) => event(`E${i}`, { requestID: `${i * 7919}` })));
  await put(whole.subarray(0, whole.length / 2));
  const [rows, said] = await ask("select count(*) as n from cloudtrail");
  expect(Number(rows)).toBeGreaterThan(100);
  expect(Number(rows)).toBeLessThan(400);
  expect(said).toContain("torn");
  expect(said).toContain(KEY);
});

test("what is no gzip, or no list of records, is left out and told of", async () => {
  await put("plain text");
  await put(gzipSync('{"Events":[{"eventName":"no"}]}'), KEY.replace("aaa2", "aaa3"));
  await put(gzipSync(""), KEY.replace("aaa2", "aaa4"));
  await put(Buffer.alloc(0), KEY.replace("aaa2", "aaa5"));
  await put(gzippedRecords([event("yes")]), KEY.replace("aaa2", "aaa6"));
  const [rows, said] = await ask();
  expect(rows).toBe("yes,");
  expect(said).toContain("no gzip");
  expect(said).toContain('without {"Records"');
});

test("a record that is no JSON costs no other", async () => {
  await put(gzipSync(`{"Records":[${JSON.stringify(event("a"))},{"eventName":"b",},${JSON.stringify(event("c"))}]}`));
  const [rows, said] = await ask();
  expect(rows).toBe("a, c,");
  expect(said).toContain("left out: 1 record that is no JSON");
});

test("a record of 50 MB is left out, in little memory, and the ones around it are not", async () => {
  const huge = JSON.stringify(event("huge", { requestParameters: { a: "x".repeat(50_000_000) } }));
  await put(
    gzipSync(`{"Records":[${JSON.stringify(event("a"))},${huge},${JSON.stringify(event("c"))}]}`, { level: 1 }),
  );
  const [rows, said] = await ask();
  expect(rows).toBe("a, c,");
  expect(said).toContain("left out: 1 record of more than 8 MiB");
});

test("a record of 5 MB is read", async () => {
  await put(gzippedRecords([event("large", { requestParameters: { a: "x".repeat(5_000_000) } })]));
  const [rows, said] = await ask("select eventname, length(requestparameters.a) as n from cloudtrail");
  expect([rows, said]).toEqual(["large,5000000", ""]);
});

test("fields that are missing, null or of another type are NULL or their text", async () => {
  await put(
    gzippedRecords([
      { eventName: "no time" },
      event("plain", { requestParameters: "text", readOnly: "true" }),
      event("list", { requestParameters: [{ a: 1 }], eventVersion: 2 }),
      event("none", { requestParameters: null }),
      event("deep", { requestParameters: { a: { b: 1 } } }),
    ]),
  );
  expect(await ask()).toEqual(["deep, list, no time, none, plain,", ""]);
  expect((await ask("select count(ts) as n, count(eventversion) as v, max(readonly) as r from cloudtrail"))[0]).toBe(
    "4,1,true",
  );
});

test("text that DuckDB's reader would stumble over comes through", async () => {
  const raw = `{"Records" : [\n {"eventTime":"2026-11-21T05:00:00Z",\n"eventName":"pretty","requestParameters":{"a":"line\\nbreak"}},`;
  const odd = `{"eventTime":"2026-11-21T05:00:00Z","eventName":"half","requestParameters":{"a":"x\\ud800y"}},`;
  const bytes = Buffer.concat([
    Buffer.from(`${raw}${odd}{"eventTime":"2026-11-21T05:00:00Z","eventName":"bytes`),
    Buffer.of(0xff, 0xfe),
    Buffer.from(`","requestParameters":{"a":"]}{[\\\\\\"","Records":[{"eventName":"inner"}]}}],"more":[{"a":"b"}]}`),
  ]);
  await put(gzipSync(bytes));
  const [rows] = await ask(
    "select eventname, regexp_replace(requestparameters.a, '\\s', '_') as a from cloudtrail order by 1",
  );
  expect(rows).toBe('bytes\ufffd\ufffd,"]}{[\\""" half,x\ufffdy pretty,line_break');
});

test("halves of surrogate pairs cost no event, whichever columns are read, and nothing but themselves", async () => {
  const odd = [
    `{"eventName":"half","userAgent":"x\\ud800y","responseElements":{"n":1}}`,
    `{"eventName":"pair","userAgent":"\\ud83d\\ude00","responseElements":{"n":9007199254740993}}`,
    `{"eventName":"text","userAgent":"\\\\ud800","responseElements":{"n":"\\ude00"}}`,
    `{"eventName":"line",\r\n"userAgent":"a","responseElements":{"n":12345678901234567890}}`,
    `["no event"]`,
  ];
  await put(gzipSync(`{"Records":[${odd.join(",")}]}`));
  const expected = ["half,x\ufffdy", "line,a", "pair,\u{1f600}", "text,\\ud800"];
  expect((await ask("select eventname, useragent from cloudtrail order by 1"))[0]).toBe(expected.join(" "));
  const numbers = [1, "12345678901234567890", "9007199254740993", "\ufffd"];
  const [rows, said] = await ask("select eventname, useragent, responseelements.n as n from cloudtrail order by 1");
  expect(rows).toBe(expected.map((row, i) => `${row},${numbers[i]}`).join(" "));
  expect(said).toContain("left out: 1 record that is no JSON");
});

test("a folder without a file of the table is refused, not empty", async () => {
  const ran = async () => await runLogq(["--store", folder.path, "select count(*) as n from cloudtrail"]);
  await put("{}", "AWSLogs/111122223333/elasticloadbalancing/eu-central-1/2026/11/21/a.log");
  expect(await ran()).toMatchObject({ code: 4, stdout: "" });
  expect((await ran()).stderr).toContain(`${folder.path} holds no files of CloudTrail\n`);
  await put(gzippedRecords([]));
  expect(await ran()).toMatchObject({ code: 0, stdout: '{"n":0}\n' });
});

test("a mistake in the query is told before the files are read", async () => {
  await put("plain text");
  const { code, stderr } = await runLogq(["--store", folder.path, "select eventnam from cloudtrail"]);
  expect(code).toBe(2);
  expect(stderr).toBe(
    "logq: no column is called eventnam\n  select eventnam from cloudtrail\n         ^^^^^^^^\n  did you mean eventname?\n",
  );
});

test("several faults of a kind are counted, and a file is told of once", async () => {
  await put("plain text");
  await put("plain text", KEY.replace("aaa2", "aaa3"));
  const { stderr } = await runLogq(["--store", folder.path, "select count(*) as n from cloudtrail"]);
  expect(stderr).toBe(`logq: left out: 2 files that are torn or no gzip (incorrect header check) (first in ${KEY})\n`);
});

test("digests, insights and other services' files are no events; files with other names are", async () => {
  await put(gzippedRecords([event("digest")]), KEY.replace("_CloudTrail_", "_CloudTrail-Digest_"));
  await put(gzippedRecords([event("insight")]), KEY.replace("_CloudTrail_", "_CloudTrail-Insight_"));
  await put(JSON.stringify({ Records: [event("saved")] }), "copied/saved.json");
  expect(await ask("select eventname, account from cloudtrail")).toEqual(["saved,", ""]);
});

test("times that are none are found without a window, and never in one", async () => {
  await put(
    gzippedRecords([
      event("good"),
      { ...event("bad"), eventTime: "yesterday" },
      { ...event("old"), eventTime: "0001-01-01T00:00:00Z" },
    ]),
  );
  expect((await ask("select eventname, ts from cloudtrail order by 1"))[0]).toContain("bad,");
  expect((await ask("select eventname from cloudtrail where ts > timestamp '2026-01-01 00:00:00'"))[0]).toBe("good");
});
