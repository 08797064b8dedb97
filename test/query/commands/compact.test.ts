import { mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { tempFolder } from "../../agent/fixture.ts";
import { STORE_NOW_NS } from "../../helpers/store.ts";
import { nameOf } from "../compact/bed.ts";
import { runLogq } from "../run-logq.ts";
import { objectOf } from "../store/objects.ts";

const HOURS = ["cluster=prod/dt=2026-03-01/hour=05", "cluster=prod/dt=2026-03-01/hour=06"];
const LONG_AGO_S = Number(STORE_NOW_NS / 1_000_000_000n) - 7200;

/** Two hours of four objects each. */
async function store(): Promise<string> {
  const folder = tempFolder();
  onTestFinished(() => folder[Symbol.dispose]());
  for (const hour of HOURS) {
    mkdirSync(join(folder.path, hour), { recursive: true });
    for (let seq = 0; seq < 4; seq++) {
      const path = join(folder.path, hour, nameOf(1, seq));
      writeFileSync(path, await objectOf([{ pod: "web-a", rows: 50, atSeconds: seq * 60 }]));
      utimesSync(path, LONG_AGO_S, LONG_AGO_S);
    }
  }
  return folder.path;
}

const FLAGS = ["--min-objects", "2"];

test("a line per hour and one for all, with objects and bytes before and after", async () => {
  const path = await store();
  const { code, stdout, stderr } = await runLogq(["compact", "--store", path, ...FLAGS]);
  expect(code).toBe(0);
  expect(stdout.split("\n")).toEqual([
    expect.stringMatching(/^cluster=prod\/dt=2026-03-01\/hour=05: 4 objects \([\d.]+ kB\) are 1 \([\d.]+ kB\)$/),
    expect.stringMatching(/^cluster=prod\/dt=2026-03-01\/hour=06: 4 objects \([\d.]+ kB\) are 1 \([\d.]+ kB\)$/),
    expect.stringMatching(/^2 hours of 2 merged: 8 objects \([\d.]+ kB\) are 2 \([\d.]+ kB\)$/),
    "",
  ]);
  expect(stderr).toBe(
    "logq: readers other than logq see these rows twice until a run after 60 min takes the inputs away\n",
  );
  const again = await runLogq(["compact", "--store", path, ...FLAGS]);
  expect([again.code, again.stdout, again.stderr]).toEqual([0, "0 hours of 2 merged\n", ""]);
});

test("--dry-run says what would become of how many objects, and changes nothing", async () => {
  const path = await store();
  const before = readdirSync(path, { recursive: true }).filter((name) => !String(name).startsWith("_staging"));
  const { code, stdout, stderr } = await runLogq(["compact", "--store", path, ...FLAGS, "--dry-run"]);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/hour=05: 4 objects \([\d.]+ kB\) would become 1\n/);
  expect(stdout).toMatch(/\n2 hours of 2 would be merged: 8 objects \([\d.]+ kB\) would become 2\n$/);
  expect(readdirSync(path, { recursive: true }).filter((name) => !String(name).startsWith("_staging"))).toEqual(before);
});

test("an hour that cannot be merged is named, the others are, and the exit code is 4", async () => {
  const path = await store();
  mkdirSync(join(path, "_compact/cluster=prod/dt=2026-03-01"), { recursive: true });
  writeFileSync(join(path, "_compact/cluster=prod/dt=2026-03-01/hour=05-1.plan.json"), '{"version":2}');
  const { code, stdout, stderr } = await runLogq(["compact", "--store", path, ...FLAGS]);
  expect(code).toBe(4);
  expect(stdout).toMatch(/1 hour of 2 merged\n$/);
  expect(stderr).toContain(
    "hour=05 is as it was: cannot read _compact/cluster=prod/dt=2026-03-01/hour=05-1.plan.json: a record of version 2: this logq knows version 1",
  );
});

test("what is no duration, number or size is refused with an example", async () => {
  for (const [flag, value, hint] of [
    ["--grace", "soon", "30m, 1h"],
    ["--settle", "-", "30m, 1h"],
    ["--min-objects", "1", "--min-objects 10"],
    ["--target-size", "big", "--target-size 256MB"],
  ] as const) {
    const { code, stderr } = await runLogq(["compact", "--store", "/tmp", `${flag}=${value}`]);
    expect([flag, code]).toEqual([flag, 2]);
    expect(stderr).toContain(hint);
  }
});
