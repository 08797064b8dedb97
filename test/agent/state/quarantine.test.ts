import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  listQuarantine,
  readQuarantined,
  removeQuarantined,
  renameInQuarantine,
  requestReplay,
  type QuarantinedRecord,
} from "../../../agent/state/quarantine.ts";
import { openQuarantine, type Quarantine } from "../../../agent/state/quarantine-stage.ts";
import { originOfFile, tempFolder } from "../fixture.ts";

const LIMIT = 1 << 20;
const A = originOfFile("a");

function poison(log: string, changes: Partial<QuarantinedRecord> = {}): QuarantinedRecord {
  const codes = { stream: 1, level: 0, cut: 0 };
  return { reason: "too large", origin: A, pos: 7, rawBytes: 50, seconds: 1, nanos: 2, ...codes, log, ...changes };
}

async function stage(quarantine: Quarantine, seq: number, records: readonly QuarantinedRecord[]): Promise<void> {
  const writer = quarantine.begin(seq);
  for (const record of records) await writer.add(record);
  await writer.seal();
}

async function all(records: AsyncGenerator<QuarantinedRecord>): Promise<QuarantinedRecord[]> {
  const list: QuarantinedRecord[] = [];
  for await (const record of records) list.push(record);
  return list;
}

test("a record comes back as it was put in, with its reason", async () => {
  using folder = tempFolder();
  const quarantine = openQuarantine(folder.path, "s3 prod/1", LIMIT);
  const records = [poison("語\n\u2028"), poison("2", { origin: originOfFile("b"), reason: "too old" }), poison("3")];
  await stage(quarantine, 4, records);
  expect(await all(quarantine.staged(4))).toEqual(records);
  await quarantine.commit(4);
  const [file] = await listQuarantine(folder.path);
  expect(file).toMatchObject({ output: "s3 prod/1", seq: 4, state: "waiting", name: "s3%20prod%2F1-4" });
  expect(await all(readQuarantined(file!.path))).toEqual(records);
});

test("what a shipment staged is listed once it is committed, and not before", async () => {
  using folder = tempFolder();
  const quarantine = openQuarantine(folder.path, "out", LIMIT);
  await stage(quarantine, 1, [poison("1")]);
  expect(await listQuarantine(folder.path)).toEqual([]);
  await quarantine.commit(1);
  await quarantine.commit(1);
  expect((await listQuarantine(folder.path)).map(({ seq }) => seq)).toEqual([1]);
});

test("a second try of a shipment replaces what the first one staged, also by nothing", async () => {
  using folder = tempFolder();
  const quarantine = openQuarantine(folder.path, "out", LIMIT);
  await stage(quarantine, 1, [poison("1"), poison("2")]);
  await stage(quarantine, 1, [poison("2")]);
  expect((await all(quarantine.staged(1))).map(({ log }) => log)).toEqual(["2"]);
  await stage(quarantine, 1, []);
  expect(readdirSync(folder.path)).toEqual([]);
});

test("after a crash the committed shipment's file is listed, the unjournaled one's removed, the open one's kept", async () => {
  using folder = tempFolder();
  const quarantine = openQuarantine(folder.path, "out", LIMIT);
  const other = openQuarantine(folder.path, "other", LIMIT);
  await stage(other, 9, [poison("9")]);
  for (const seq of [1, 2, 3]) await stage(quarantine, seq, [poison(String(seq))]);
  await quarantine.clean(3, 2);
  expect(readdirSync(folder.path).toSorted()).toEqual(["other-9.staged", "out-1.jsonl", "out-2.staged"]);
});

test("a full quarantine refuses more, with what to do, and what it holds stays", async () => {
  using folder = tempFolder();
  const quarantine = openQuarantine(folder.path, "out", 1000);
  await stage(quarantine, 1, [poison("x".repeat(300))]);
  await quarantine.commit(1);
  const writer = openQuarantine(folder.path, "other", 1000).begin(1);
  await expect(writer.add(poison("x".repeat(300)))).rejects.toThrow(
    /holds its limit of 1000 bytes; look at it with logq-agent quarantine list/,
  );
  await writer.abandon();
  expect(readdirSync(folder.path)).toEqual(["out-1.jsonl"]);
});

test("a file is removed, or marked for being shipped again, by its name", async () => {
  using folder = tempFolder();
  const quarantine = openQuarantine(folder.path, "out", LIMIT);
  for (const seq of [1, 2]) {
    await stage(quarantine, seq, [poison("1")]);
    await quarantine.commit(seq);
  }
  await requestReplay(folder.path, "out-1");
  await removeQuarantined(folder.path, "out-2");
  expect((await listQuarantine(folder.path)).map(({ name, state }) => [name, state])).toEqual([["out-1", "replay"]]);
  await expect(requestReplay(folder.path, "out-2")).rejects.toThrow("ENOENT");
});

test("a shipment that was journaled under another alias finds, and uses up, the file that was renamed with it", async () => {
  using folder = tempFolder();
  const former = openQuarantine(folder.path, "former", LIMIT);
  await stage(former, 1, [poison("1")]);
  await former.commit(1);
  await requestReplay(folder.path, "former-1");
  expect(await former.claim(5)).toBe("former-1");
  await renameInQuarantine(folder.path, "former", "now");
  const now = openQuarantine(folder.path, "now", LIMIT);
  expect((await all(now.claimed("former-1", 5))).map(({ log }) => log)).toEqual(["1"]);
  await now.unclaim("former-1", 5, "replay");
  expect(await now.claim(6)).toBe("now-1");
  await now.finish("former-1", 6);
  expect(readdirSync(folder.path)).toEqual([]);
});

test("a quarantine that was never needed is an empty list", async () => {
  using folder = tempFolder();
  expect(await listQuarantine(join(folder.path, "none"))).toEqual([]);
});

test("a damaged, foreign, empty or newer file is refused by name", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "out-1.jsonl");
  const quarantine = openQuarantine(folder.path, "out", LIMIT);
  await stage(quarantine, 1, [poison("1")]);
  await quarantine.commit(1);
  const text = readFileSync(path, "utf8");
  const damage = [
    [text.slice(0, -5), /out-1.jsonl, line 3 is damaged; remove that line or the file/],
    ['{"logq":"output"}\n', /out-1.jsonl is no quarantine file/],
    ["", /out-1.jsonl is no quarantine file/],
    ['{"logq":"quarantine","version":2}\n', /has version 2, this logq-agent reads version 1/],
  ] as const;
  for (const [content, message] of damage) {
    writeFileSync(path, content);
    await expect(all(readQuarantined(path))).rejects.toThrow(message);
  }
});
