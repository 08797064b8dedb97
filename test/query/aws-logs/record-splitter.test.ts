import { expect, test } from "vitest";
import { splitRecords } from "../../../query/aws-logs/record-splitter.ts";

const TEXT = `{"Other":[{"x":1}],"Records":[{"a":"}]\\\\","b":[{"c":{}}]} , {"d":"\\"Records\\""}],"Records2":[{"y":1}]}`;

test("records are the same whatever the chunks are", () => {
  for (let size = 1; size <= TEXT.length; size++) {
    const records: string[] = [];
    const splitter = splitRecords(
      (record) => records.push(record.toString()),
      () => records.push("too long"),
    );
    for (let at = 0; at < TEXT.length; at += size) splitter.push(Buffer.from(TEXT.slice(at, at + size)));
    expect(splitter.end()).toBe("whole");
    expect(records).toEqual([`{"a":"}]\\\\","b":[{"c":{}}]}`, `{"d":"\\"Records\\""}`]);
  }
});

test.each([
  ["", "no records"],
  ["[1,2]", "no records"],
  ['{"Records":{}}', "no records"],
  ['{"Records":[]}', "whole"],
  ['{"Records":[{"a":', "torn"],
])("the end says whether it is one: %s", (text, end) => {
  const splitter = splitRecords(
    () => {},
    () => {},
  );
  splitter.push(Buffer.from(text));
  expect(splitter.end()).toBe(end);
});
