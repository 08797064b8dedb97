import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { createSystemdInput } from "../../../../agent/input/systemd/systemd.ts";
import type { OpenSpool } from "../../../../agent/input/spool/spool.ts";
import { recordingLogger, tempFolder, type RecordedLog } from "../../fixture.ts";
import { openTestSpool, spooled } from "../spool/bed.ts";
import { entry, JOURNALCTL, systemdConfig, write } from "./bed.ts";

interface Bed extends Disposable {
  /** Of the journal. */
  readonly folder: string;
  readonly root: string;
  readonly lines: readonly RecordedLog[];
  /** Reads what there is now. */
  once(changes?: Parameters<typeof systemdConfig>[0]): Promise<void>;
  /** Reads until `isEnough`, then it is told to stop. */
  follow(isEnough: (spool: OpenSpool) => boolean): Promise<void>;
  /** All messages. */
  messages(): string[];
}

function openBed(): Bed {
  const folder = tempFolder();
  const root = join(folder.path, "spool");
  const { log, lines } = recordingLogger();
  const run = async (
    once: boolean,
    changes: Parameters<typeof systemdConfig>[0],
    meanwhile: (spool: OpenSpool) => Promise<void>,
  ) => {
    const spool = await openTestSpool(root);
    const stop = new AbortController();
    const config = systemdConfig({ path: folder.path, ...changes });
    const running = createSystemdInput(config, JOURNALCTL).run(spool, { once, signal: stop.signal, log });
    await meanwhile(spool);
    if (!once) stop.abort();
    // Told to stop in the midst of an append it rejects with the reason.
    const ended = stop.signal.aborted ? running.catch(() => undefined) : running;
    await ended.finally(async () => await spool.close());
  };
  return {
    folder: folder.path,
    root,
    lines,
    once: async (changes = {}) => await run(true, changes, async () => await Promise.resolve()),
    follow: async (isEnough) =>
      await run(false, {}, async (spool) => void (await vi.waitUntil(() => isEnough(spool), { timeout: 20_000 }))),
    messages: () => Object.values(spooled(root)).flat(),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

test("entries are appended by unit, and a restart goes on behind the last", async () => {
  using bed = openBed();
  write(bed.folder, entry(1), entry(2, { _SYSTEMD_UNIT: "b.service" }), entry(3));
  await bed.once();
  expect(spooled(bed.root)).toEqual({ "a.service": ["m1", "m3"], "b.service": ["m2"] });
  await bed.once();
  write(bed.folder, entry(4), entry(5));
  await bed.once();
  expect(spooled(bed.root)).toEqual({ "a.service": ["m1", "m3", "m4", "m5"], "b.service": ["m2"] });
  expect(bed.lines).toEqual([]);
});

test("new entries are followed until it is told to stop", async () => {
  using bed = openBed();
  write(bed.folder, entry(1));
  let isWritten = false;
  await bed.follow((spool) => {
    const isAt = (number: number) => spool.checkpoint("journal")?.includes(`;i=${number};`) === true;
    if (!isWritten && isAt(1)) {
      isWritten = true;
      write(bed.folder, entry(2), entry(3));
    }
    return isAt(3);
  });
  expect(bed.messages()).toEqual(["m1", "m2", "m3"]);
});

test("that the entry at which reading stopped is there no more is said, and all that is left is read", async () => {
  using bed = openBed();
  write(bed.folder, entry(1), entry(2));
  await bed.once();
  rmSync(join(bed.folder, "entries.json"));
  write(bed.folder, entry(5), entry(6));
  await bed.once();
  expect(bed.messages()).toEqual(["m1", "m2", "m5", "m6"]);
  expect(bed.lines.map(({ level, text }) => [level, text])).toEqual([
    [
      "warn",
      "the journal has no longer the entry at which reading stopped: what was removed from it since then is not shipped",
    ],
  ]);
});

test("filters choose entries, and others from now on are no gap", async () => {
  using bed = openBed();
  const units = ["a", "b", "c"].map((name, index) => entry(index + 1, { _SYSTEMD_UNIT: `${name}.service`, _TRANSPORT: name })); // prettier-ignore
  write(bed.folder, ...units);
  await bed.once({ filters: ["_SYSTEMD_UNIT=a.service", "_SYSTEMD_UNIT=c.service"] });
  expect(bed.messages()).toEqual(["m1", "m3"]);
  write(bed.folder, entry(4, { _TRANSPORT: "b" }), entry(5, { _TRANSPORT: "x" }));
  await bed.once({ filters: ["_SYSTEMD_UNIT=a.service", "_TRANSPORT=b"], filterType: "and" });
  expect(bed.messages().toSorted()).toEqual(["m1", "m3", "m4"]);
  expect(bed.lines).toEqual([]);
});

test("with read_from_tail only what comes after the first start is read, though nothing had come by the second", async () => {
  using bed = openBed();
  write(bed.folder, entry(1), entry(2));
  await bed.once({ readFromTail: true });
  write(bed.folder, entry(3));
  await bed.once({ readFromTail: true });
  expect(bed.messages()).toEqual(["m3"]);
  expect(bed.lines).toEqual([]);
});

test("no more entries than max_entries are appended at once, all of them in their order", async () => {
  using bed = openBed();
  write(bed.folder, ...Array.from({ length: 100 }, (_, n) => entry(n + 1)));
  await bed.once({ maxEntries: 7 });
  expect(bed.messages()).toEqual(Array.from({ length: 100 }, (_, n) => `m${n + 1}`));
});

test("why journalctl failed is said, and that it is not there", async () => {
  using bed = openBed();
  writeFileSync(join(bed.folder, "fails"), "Failed to iterate through journal: Bad message\n");
  await expect(bed.once()).rejects.toThrow("journalctl ended with 1: Failed to iterate through journal: Bad message");
  const missing = createSystemdInput(systemdConfig(), join(bed.folder, "none"));
  const spool = await openTestSpool(bed.root);
  const context = { once: true, signal: new AbortController().signal, log: recordingLogger().log };
  await expect(missing.run(spool, context)).rejects.toThrow(
    /ENOENT; install systemd's journalctl where the agent runs$/,
  );
  await spool.close();
});
