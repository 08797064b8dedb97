import { existsSync, renameSync, truncateSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { openBed, type Bed } from "./bed.ts";
import { append, cri, T0_MS } from "./fixture.ts";

type Action =
  | { readonly do: "write"; readonly file: string; readonly stream: "stdout" | "stderr"; readonly text: string }
  | { readonly do: "part"; readonly file: string; readonly stream: "stdout" | "stderr" }
  | { readonly do: "torn" | "rotate" | "truncate"; readonly file: string }
  | { readonly do: "fail"; readonly step: "accept" | "seal" | "publish" | "isDelivered" }
  | { readonly do: "ship" }
  | { readonly do: "pass"; readonly ms: number };

const file = fc.constantFrom("a.log", "b.log");
const stream = fc.constantFrom("stdout" as const, "stderr" as const);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("write" as const), file, stream, text: fc.constantFrom("x", "", "bad", "a longer line") }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("part" as const), file, stream }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("torn" as const, "rotate" as const, "truncate" as const), file }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("fail" as const), step: fc.constantFrom("accept" as const, "seal" as const, "publish" as const, "isDelivered" as const) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("ship" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.constantFrom(1000, 6000, 70_000) }) },
); // prettier-ignore

test("whatever happens, read = delivered + filtered + quarantined + lost + pending, per file, at any moment", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { maxLength: 40 }),
      fc.constantFrom(80, 300, 1 << 20),
      async (actions, bytesMax) => {
        await using bed = await openBed({ skipEmptyLines: true, bytesMax });
        bed.output.poison = /bad/;
        let nowMs = T0_MS;
        let rotations = 0;
        for (const act of actions) {
          nowMs += act.do === "pass" ? act.ms : 10;
          if (act.do === "rotate") rotations++;
          await perform(bed, act, nowMs, rotations);
          expectBalance(bed);
        }
        bed.output.failing.clear();
        for (let round = 0; round < 4; round++) await bed.run((nowMs += 70_000));
        expectBalance(bed);
        expect(bed.positions.unresolved).toBe(null);
      },
    ),
    { numRuns: 60 },
  );
});

async function perform(bed: Bed, act: Action, nowMs: number, rotations: number): Promise<void> {
  const path = "file" in act ? join(bed.logs, act.file) : "";
  if (act.do === "write") append(path, cri(act.stream, "F", act.text));
  else if (act.do === "part") append(path, cri(act.stream, "P", "part "));
  else if (act.do === "torn") append(path, "torn");
  else if (act.do === "rotate" && existsSync(path)) renameSync(path, `${path}.${rotations}`);
  else if (act.do === "truncate" && existsSync(path)) truncateSync(path, 0);
  else if (act.do === "fail") bed.output.failing.add(act.step);
  else if (act.do === "ship") {
    await bed.run(nowMs).catch(unlessInjected);
    bed.output.failing.clear();
    await bed.release();
  }
}

function unlessInjected(error: Error): void {
  if (!error.message.endsWith("fails")) throw error;
}

function expectBalance(bed: Bed): void {
  for (const { total, files, errorBytes } of bed.ledger.accounts()) {
    expect(errorBytes).toBe(0);
    for (const sums of [total, ...files]) {
      expect(sums.read).toBe(sums.delivered + sums.filtered + sums.quarantined + sums.lost + sums.pending);
      const least = Math.min(sums.delivered, sums.filtered, sums.quarantined, sums.lost, sums.pending);
      expect(least).toBeGreaterThanOrEqual(0);
    }
  }
}
