import type { LookupAddress, LookupOptions } from "node:dns";
import { expect, test } from "vitest";
import { createLookup } from "../../../../agent/output/aws/lookup.ts";

const ONE = [{ address: "192.0.2.1", family: 4 }];
const TWO = [
  { address: "192.0.2.2", family: 4 },
  { address: "2001:db8::2", family: 6 },
];

/** Resolvers that answer when told to, and a second that is over when told to. */
function bed() {
  const asked: { name: string; answer: (found: LookupAddress[]) => void; fail: (code: string) => void }[] = [];
  const direct = { asked: 0, answer: null as LookupAddress[] | null };
  const slow: (() => void)[] = [];
  const lookup = createLookup({
    system: async (name) =>
      await new Promise((resolve, reject) => {
        asked.push({ name, answer: resolve, fail: (code) => reject(Object.assign(new Error(code), { code })) });
      }),
    direct: async () => {
      direct.asked++;
      await Promise.resolve();
      if (direct.answer === null) throw new Error("ETIMEOUT");
      return direct.answer;
    },
    wait: async () => await new Promise<void>((resolve) => slow.push(resolve)),
  });
  const find = async (name: string, options: LookupOptions = { all: true }): Promise<unknown[]> =>
    await new Promise((resolve) => lookup(name, options, (...answer) => resolve(answer)));
  return { asked, direct, slow, find };
}

test("a name is answered as dns.lookup would, with all its addresses or the first", async () => {
  const { asked, find } = bed();
  const [all, first] = [find("a.example"), find("a.example", {})];
  asked[0]!.answer(TWO);
  expect(await all).toEqual([null, TWO]);
  expect(await first).toEqual([null, "192.0.2.2", 4]);
});

test("a name is asked for once at a time, however many wait for it, and anew by who comes later", async () => {
  const { asked, find } = bed();
  const waiting = [find("a.example"), find("a.example"), find("b.example")];
  expect(asked.map(({ name }) => name)).toEqual(["a.example", "b.example"]);
  asked[0]!.answer(ONE);
  asked[1]!.answer(TWO);
  expect(await Promise.all(waiting)).toEqual([
    [null, ONE],
    [null, ONE],
    [null, TWO],
  ]);
  void find("a.example");
  expect(asked.map(({ name }) => name)).toEqual(["a.example", "b.example", "a.example"]);
});

test("without an answer for a second the last one serves, and the name servers are not asked", async () => {
  const { asked, direct, slow, find } = bed();
  const before = find("a.example");
  asked[0]!.answer(ONE);
  await before;
  const again = find("a.example");
  slow.at(-1)!();
  expect(await again).toEqual([null, ONE]);
  expect(direct.asked).toBe(0);
});

test("a name that was never answered is asked for at the name servers after a second", async () => {
  const { direct, slow, find } = bed();
  direct.answer = TWO;
  const found = find("a.example");
  slow[0]!();
  expect(await found).toEqual([null, TWO]);
});

test("where the name servers do not answer either, the system's answer is waited for", async () => {
  const { asked, direct, slow, find } = bed();
  const found = find("a.example");
  slow[0]!();
  await expect.poll(() => direct.asked).toBe(1);
  asked[0]!.answer(ONE);
  expect(await found).toEqual([null, ONE]);
});

test("that no name server answers is no reason to forget an address, that the name is gone is", async () => {
  const { asked, find } = bed();
  const first = find("a.example");
  asked[0]!.answer(ONE);
  await first;
  const second = find("a.example");
  asked[1]!.fail("EAI_AGAIN");
  expect(await second).toEqual([null, ONE]);
  const third = find("a.example");
  asked[2]!.fail("ENOTFOUND");
  expect(await third).toMatchObject([{ code: "ENOTFOUND" }, ""]);
});
