import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sendDivided } from "../../../agent/output/divide.ts";
import { Fault } from "../../../agent/output/retry.ts";

test("each record is taken once or found to be refused, in order, unless all are refused", async () => {
  const records = fc.array(fc.boolean(), { minLength: 1, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(records, async (isGood) => {
      const taken: number[] = [];
      const send = async (from: number, to: number): Promise<void> => {
        if (!isGood.slice(from, to).every(Boolean)) throw new Fault("content", "Invalid", "refused", null);
        for (let index = from; index < to; index++) taken.push(index);
        await Promise.resolve();
      };
      const indexes = (wanted: boolean) => isGood.flatMap((each, index) => (each === wanted ? [index] : []));
      const outcome = await sendDivided(isGood.length, send).catch((error: unknown) => error as Error);
      const isOfAll = isGood.length > 8 && isGood.slice(0, 8).every((each) => !each);
      expect(outcome instanceof Error).toBe(isOfAll);
      expect(taken).toEqual(isOfAll ? [] : indexes(true));
      expect(outcome instanceof Map ? [...outcome.keys()] : []).toEqual(isOfAll ? [] : indexes(false));
    }),
  );
});

test("what is no matter of the records passes at once", async () => {
  const fault = new Fault("permanent", "AccessDenied", "no", null);
  await expect(sendDivided(9, async () => await Promise.reject(fault))).rejects.toBe(fault);
});
