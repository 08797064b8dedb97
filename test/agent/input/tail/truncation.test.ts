import {
  copyFileSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { openBed, restartBed } from "../../bed.ts";
import { append, cri, T0_MS } from "../../fixture.ts";
import { faultyFiles } from "../../../helpers/faulty-files.ts";

test("a file truncated in place goes on at its start, as a new file of its chain", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, cri("stdout", "F", "one") + cri("stdout", "F", "two"));
  await bed.run(T0_MS);
  truncateSync(path, 0);
  append(path, cri("stdout", "F", "3"));
  await bed.run(T0_MS + 1000);
  expect(bed.logsShipped()).toEqual(["one", "two", "3"]);
  expect(new Set(bed.output.published.map((record) => record.file)).size).toBe(2);
  append(path, cri("stdout", "F", "4"));
  await bed.run(T0_MS + 2000);
  expect(bed.logsShipped()).toEqual(["one", "two", "3", "4"]);
  expect(bed.lines.filter((line) => line.text.startsWith("lost"))).toEqual([]);
});

test("a file that was overwritten with more than it held is noticed by the bytes before the position", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, cri("stdout", "F", "one"));
  await bed.run(T0_MS);
  writeFileSync(path, cri("stdout", "F", "ONE") + cri("stdout", "F", "TWO"));
  await bed.run(T0_MS + 1000);
  expect(bed.logsShipped()).toEqual(["one", "ONE", "TWO"]);
});

test("bytes truncated before they were read are logged as lost, once", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, cri("stdout", "F", "one"));
  await bed.run(T0_MS);
  const unread = cri("stdout", "F", "never read");
  append(path, unread);
  await bed.tail.poll(T0_MS + 500, true);
  truncateSync(path, 0);
  append(path, cri("stdout", "F", "3"));
  await bed.run(T0_MS + 1000);
  await bed.run(T0_MS + 2000);
  expect(bed.logsShipped()).toEqual(["one", "3"]);
  const lost = bed.lines.filter((line) => line.text.startsWith("lost"));
  expect(lost.map(({ fields }) => [fields["reason"], fields["bytes"]])).toEqual([["truncated", unread.length]]);
});

test("a file truncated while the agent was down repeats nothing and loses nothing that was written since", async () => {
  await using before = await openBed();
  const path = join(before.logs, "a.log");
  append(path, cri("stdout", "F", "one") + cri("stdout", "F", "two"));
  await before.run(T0_MS);
  await before.positions.close();
  await before.tail.close();
  truncateSync(path, 0);
  append(path, cri("stdout", "F", "3"));
  await using after = await openBed({ folder: before.folder });
  await after.run(T0_MS + 1000);
  await after.run(T0_MS + 2000);
  expect(after.logsShipped()).toEqual(["3"]);
});

test.each([true, false])(
  "what was open in a file that was truncated while the agent was down is lost, and accounted for (refilled before a look: %s)",
  async (isRefilled) => {
    await using bed = await openBed();
    const path = join(bed.logs, "a.log");
    const begun = cri("stdout", "P", "begun ");
    append(path, begun);
    await bed.run(T0_MS);
    truncateSync(path, 0);
    await using after = await restartBed(bed);
    if (!isRefilled) await after.tail.poll(T0_MS + 500, true);
    const refill = cri("stdout", "F", "a line that is longer than what was there before");
    append(path, refill);
    await after.tail.poll(T0_MS + 600, true);
    await after.run(T0_MS + 1000);
    expect(after.logsShipped()).toEqual(["a line that is longer than what was there before"]);
    const { errorBytes, total } = after.ledger.accounts()[0]!;
    expect([errorBytes, total.pending, total.lost]).toEqual([0, 0, begun.length - 1]);
  },
);

test("a restart after a truncation goes on where the new content was read to", async () => {
  await using before = await openBed();
  const path = join(before.logs, "a.log");
  append(path, cri("stdout", "F", "one") + cri("stdout", "F", "two"));
  await before.run(T0_MS);
  truncateSync(path, 0);
  append(path, cri("stdout", "F", "3"));
  await before.run(T0_MS + 1000);
  await before.positions.close();
  await before.tail.close();
  append(path, cri("stdout", "F", "4"));
  await using after = await openBed({ folder: before.folder });
  await after.run(T0_MS + 2000);
  expect(after.logsShipped()).toEqual(["4"]);
});

test("a record that was open in a truncated file does not stop its chain", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, cri("stdout", "F", "one") + cri("stdout", "P", "half of "));
  await bed.run(T0_MS);
  truncateSync(path, 0);
  append(path, cri("stdout", "F", "3"));
  await bed.run(T0_MS + 1000);
  expect(bed.logsShipped()).toEqual(["one", "3"]);
});

test("a file that is truncated and stays empty is given up when it is gone", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, cri("stdout", "F", "one"));
  await bed.run(T0_MS);
  truncateSync(path, 0);
  await bed.run(T0_MS + 1000);
  await bed.release();
  expect([...bed.tail.files.values()].map((file) => file.record.givenUp)).toEqual([undefined]);
});

test("two shippers and a poll that notice a replaced file at once follow its new content once", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, cri("stdout", "F", "one"));
  await bed.run(T0_MS);
  const [file] = bed.tail.files.values();
  writeFileSync(path, cri("stdout", "F", "ONE"));
  await Promise.all([bed.tail.replace(file!, T0_MS), bed.tail.poll(T0_MS, true), bed.tail.replace(file!, T0_MS)]);
  expect(bed.tail.files.size).toBe(2);
  await bed.run(T0_MS + 1000);
  expect(bed.logsShipped()).toEqual(["one", "ONE"]);
});

test("the new content of a file that was truncated before anything of it was read is not shipped as the old one's", async () => {
  await using bed = await openBed({ bytesMax: 50 });
  const path = join(bed.logs, "a.log");
  const unread = cri("stdout", "F", "x".repeat(1000));
  append(path, unread);
  await bed.tail.discover(T0_MS);
  writeFileSync(path, cri("stdout", "F", "1") + cri("stdout", "F", "2") + cri("stdout", "F", "3"));
  await bed.shipper.ship(T0_MS, new AbortController().signal);
  await bed.run(T0_MS + 1000);
  await bed.run(T0_MS + 2000);
  expect(bed.logsShipped()).toEqual(["1", "2", "3"]);
  expect(bed.ledger.accounts()[0]).toMatchObject({ errorBytes: 0, total: { lost: unread.length, pending: 0 } });
});

test("bytes of a file that no shipment ever read are lost as a whole", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  const rest = cri("stdout", "F", "never read");
  append(path, rest);
  await bed.tail.discover(T0_MS);
  truncateSync(path, 0);
  await bed.tail.poll(T0_MS + 1000, true);
  append(path, cri("stdout", "F", "3"));
  await bed.run(T0_MS + 2000);
  expect(bed.lines.filter((line) => line.level === "error").map(({ fields }) => fields["bytes"])).toEqual([
    rest.length,
  ]);
});

test("a new file that grows while it is taken up is not taken for truncated", async () => {
  await using bed = await openBed();
  using files = await faultyFiles();
  const path = join(bed.logs, "a.log");
  append(path, cri("stdout", "F", "1"));
  await bed.run(T0_MS);
  renameSync(path, `${path}.20261121-050001`);
  append(path, cri("stdout", "F", "2"));
  files.before({ op: "open", path: /a\.log$/, times: 1 }, () => append(path, cri("stdout", "F", "3")));
  await bed.tail.poll(T0_MS + 1000, true);
  files.heal();
  await bed.run(T0_MS + 10_000);
  expect(bed.logsShipped()).toEqual(["1", "2", "3"]);
  expect(bed.tail.files.size).toBe(2);
  expect(bed.lines.filter((line) => line.text.startsWith("lost"))).toEqual([]);
});

test("the copy that was made of a file before it was truncated is not shipped", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, cri("stdout", "F", "1"));
  await bed.run(T0_MS);
  copyFileSync(path, `${path}.1`);
  truncateSync(path, 0);
  const { mtime } = statSync(path);
  utimesSync(`${path}.1`, mtime, mtime);
  await bed.run(T0_MS + 1000);
  append(path, cri("stdout", "F", "2"));
  await bed.run(T0_MS + 10_000);
  expect(bed.logsShipped()).toEqual(["1", "2"]);
});

test.each([true, false])(
  "what follows a truncation is shipped in order though the file is rotated and compressed before a look (links: %s)",
  async (links) => {
    await using bed = await openBed({ links });
    const path = join(bed.logs, "0.log");
    append(path, cri("stdout", "F", "one") + cri("stdout", "F", "two"));
    await bed.run(T0_MS);
    truncateSync(path, 0);
    append(path, cri("stdout", "F", "3"));
    renameSync(path, `${path}.20261121-050001`);
    append(path, cri("stdout", "F", "4"));
    renameSync(path, `${path}.20261121-050002`);
    writeFileSync(`${path}.20261121-050001.gz`, gzipSync(readFileSync(`${path}.20261121-050001`)));
    rmSync(`${path}.20261121-050001`);
    append(path, cri("stdout", "F", "5"));
    for (const ms of [1000, 10_000, 20_000]) await bed.run(T0_MS + ms);
    expect(bed.logsShipped()).toEqual(["one", "two", "3", "4", "5"]);
  },
);

test.each([true, false])(
  "what follows a truncation is shipped though the file is deleted before a look (links: %s)",
  async (links) => {
    await using bed = await openBed({ links });
    const path = join(bed.logs, "0.log");
    append(path, cri("stdout", "F", "one") + cri("stdout", "F", "two"));
    await bed.run(T0_MS);
    truncateSync(path, 0);
    append(path, cri("stdout", "F", "3"));
    rmSync(path);
    await bed.run(T0_MS + 1000);
    await bed.run(T0_MS + 10_000);
    expect(bed.logsShipped()).toEqual(["one", "two", "3"]);
  },
);

test("a rotated file that is truncated after its successor was shipped is shipped behind it", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "0.log");
  append(path, cri("stdout", "F", "one") + cri("stdout", "F", "two"));
  await bed.run(T0_MS);
  renameSync(path, `${path}.20261121-050001`);
  append(path, cri("stdout", "F", "3"));
  await bed.run(T0_MS + 1000);
  await bed.run(T0_MS + 20_000);
  truncateSync(`${path}.20261121-050001`, 0);
  append(`${path}.20261121-050001`, cri("stdout", "F", "4"));
  await bed.run(T0_MS + 21_000);
  await bed.run(T0_MS + 40_000);
  expect(bed.logsShipped()).toEqual(["one", "two", "3", "4"]);
});

test("a record that is open before truncated bytes ends there", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "0.log");
  append(path, cri("stdout", "P", "half "));
  await bed.run(T0_MS);
  renameSync(path, `${path}.20261121-050001`);
  append(path, cri("stdout", "F", "its end") + cri("stdout", "F", "never read"));
  await bed.tail.poll(T0_MS + 500, true);
  truncateSync(path, 0);
  append(path, cri("stdout", "F", "3"));
  for (const ms of [1000, 10_000, 20_000]) await bed.run(T0_MS + ms);
  expect(bed.logsShipped()).toEqual(["half ", "3"]);
});

test("a record of one stream that is open behind what was read of the other ends at truncated bytes", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "0.log");
  append(path, cri("stdout", "P", "half "));
  await bed.run(T0_MS);
  renameSync(path, `${path}.20261121-050001`);
  append(path, cri("stderr", "F", "2"));
  for (const ms of [1000, 10_000]) await bed.run(T0_MS + ms);
  append(path, cri("stdout", "F", "its end"));
  await bed.tail.poll(T0_MS + 10_500, true);
  truncateSync(path, 0);
  append(path, cri("stdout", "F", "3"));
  for (const ms of [11_000, 12_000, 20_000]) await bed.run(T0_MS + ms);
  expect(bed.logsShipped()).toEqual(["2", "half ", "3"]);
});

test.each(["before a look", "after a look"])(
  "a file that is emptied and written anew, longer, before an output has read it is a new file, and the old bytes are lost (%s)",
  async (when) => {
    await using bed = await openBed();
    const path = join(bed.logs, "a.log");
    const unread = cri("stdout", "F", "one");
    append(path, unread);
    await bed.tail.discover(T0_MS);
    truncateSync(path, 0);
    append(path, cri("stdout", "F", "TWO") + cri("stdout", "F", "THREE"));
    if (when === "after a look") await bed.tail.poll(T0_MS + 1000, true);
    await bed.run(T0_MS + 1000);
    await bed.run(T0_MS + 2000);
    expect(bed.logsShipped()).toEqual(["TWO", "THREE"]);
    const lost = bed.lines.filter((line) => line.text.startsWith("lost"));
    expect(lost.map(({ fields }) => [fields["reason"], fields["bytes"]])).toEqual([["truncated", unread.length]]);
  },
);
