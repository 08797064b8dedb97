import { expect, test } from "vitest";
import { createCollector, type Collected } from "../../../query/patterns/collect.ts";
import { patternOf } from "../../../query/patterns/shape.ts";

const VERBS = ["accepted", "refused", "closed", "opened", "lost"];
const USERS = ["ana", "bob", "eve", "kim", "lee", "max", "root"];

test.each([1, 2, 3, 4, 5])("counts add up to the rows, in whatever order they come (seed %d)", (seed) => {
  const random = randomOf(seed);
  const messages = Array.from({ length: 2000 }, () => randomMessage(random));
  const inOrder = summary(collect(messages));
  const shuffled = messages
    .map((message) => ({ message, key: random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ message }) => message);
  expect(inOrder.reduce((sum, [, rows]) => sum + Number(rows), 0)).toBe(2000);
  expect(summary(collect(shuffled))).toEqual(inOrder);
  expect(summary(collect(messages))).toEqual(inOrder);
});

test.each([10, 100, 1000])(
  "with room for %d texts no row is lost, and what is frequent is found all the same",
  (room) => {
    const random = randomOf(7);
    const messages = Array.from({ length: 5000 }, (_, i) =>
      i % 2 === 0 ? `session ${i} opened` : Array.from({ length: 6 }, () => letters(random)).join(" "),
    );
    const { templates, other } = collect(messages, room);
    expect(templates.length).toBeLessThanOrEqual(room);
    expect(templates.reduce((sum, { rows }) => sum + rows, 0) + (other?.rows ?? 0)).toBe(5000);
    expect(patternOf(templates[0]!)).toBe("session <num> opened");
    expect(templates[0]!.rows).toBe(2500);
  },
);

test("a word varies where four different ones are found, a name where three are", () => {
  expect(patterns(["user ana left", "user bob left", "user eve left", "user kim left"])).toEqual(["user <*> left"]);
  expect(patterns(["door opened", "door closed"])).toEqual(["door closed", "door opened"]);
  expect(patterns(["on a.example", "on b.example", "on c.example"])).toEqual(["on <*>"]);
  expect(patterns(["level=info a=x", "level=warn a=x"])).toEqual(["level=info a=x", "level=warn a=x"]);
});

test("what all rows of a pattern have in common is shown, what one row has is not", () => {
  expect(patterns(["uid 0 pid 7", "uid 0 pid 8"])).toEqual(["uid 0 pid <num>"]);
  expect(patterns(["uid 0 pid 7"])).toEqual(["uid <num> pid <num>"]);
  expect(patterns(["at 05:00:00", "at 05:00:00"])).toEqual(["at <time>"]);
});

test("the example is the first row's message, and times are those of the first and the last", () => {
  const collector = createCollector();
  for (const ms of [30, 10, 20]) collector.add(`took ${ms} ms`, { ms, level: null, workload: null, side: 0 });
  const [template] = collector.finish().templates;
  expect(template).toMatchObject({ example: "took 10 ms", firstMs: 10, lastMs: 30, rows: 3 });
});

function collect(messages: readonly string[], shapesMax?: number): Collected {
  const collector = createCollector(shapesMax, shapesMax);
  // The same message at the same time, in whatever order.
  for (const message of messages) collector.add(message, { ms: message.length, level: null, workload: "w", side: 0 });
  return collector.finish();
}

function patterns(messages: readonly string[]): string[] {
  return collect(messages).templates.map(patternOf).toSorted();
}

function summary({ templates }: Collected): unknown[][] {
  return templates
    .map((shape) => [patternOf(shape), shape.rows, shape.firstMs, shape.lastMs, shape.example])
    .toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}

function randomMessage(random: () => number): string {
  const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)]!;
  const n = Math.floor(random() * 1000);
  const messages = [
    `connection ${pick(VERBS)} by 10.0.0.${n % 256} for ${pick(USERS)}`,
    `user=${pick(USERS)} took ${n}ms on web-${n}.example.com`,
    `{"msg":"order ${n} ${pick(VERBS)}","user":"${pick(USERS)}"}`,
    `"GET /a/${n} HTTP/1.1" ${n} '${pick(USERS)}' [${letters(random)}]`,
    String.fromCharCode(...Array.from({ length: n % 20 }, () => Math.floor(random() * 0x250))),
    `${"(".repeat(n % 4)}${letters(random)}\n\tat x`,
  ];
  return pick(messages);
}

function letters(random: () => number): string {
  return Array.from({ length: 3 }, () => String.fromCharCode(97 + Math.floor(random() * 26))).join("");
}

/** Mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
