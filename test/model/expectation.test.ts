import { expect, test } from "vitest";
import { Expectation, type Arrived } from "./expectation.ts";
import { messageOf } from "./messages.ts";

const KEY = "p0.0.stdout";

function arrivedOf(ranges: readonly (readonly [from: number, to: number])[], changes: Partial<Arrived> = {}): Arrived {
  const list = ranges.map(([from, to]) => ({ from, to }));
  return { ranges: new Map(list.length === 0 ? [] : [[KEY, list]]), repeated: [], odd: [], ...changes };
}

/** Ten records in one extent. */
function ten(): { expectation: Expectation; extent: ReturnType<Expectation["newExtent"]> } {
  const expectation = new Expectation();
  const extent = expectation.newExtent(1);
  for (let seq = 0; seq < 10; seq++) expectation.written(KEY, seq, [{ extent, text: messageOf(KEY, seq) }]);
  return { expectation, extent };
}

/** One record whose three parts lie in two extents. */
function split(complete = true) {
  const expectation = new Expectation();
  const [first, second] = [expectation.newExtent(1), expectation.newExtent(2)];
  const text = messageOf(KEY, 0);
  const texts = [text.slice(0, 20), text.slice(20, 40), complete ? text.slice(40) : text.slice(40, 50)];
  const parts = texts.map((part, index) => ({ extent: index < 2 ? first : second, text: part }));
  expectation.written(KEY, 0, parts, complete);
  return { expectation, first, second, texts };
}

test("everything once is right", () => {
  expect(ten().expectation.violations(arrivedOf([[0, 10]]))).toEqual([]);
  expect(split().expectation.violations(arrivedOf([[0, 1]]))).toEqual([]);
});

test("what is lost, repeated, damaged or was never written is named", () => {
  const { expectation } = ten();
  const lost = arrivedOf([
    [0, 3],
    [5, 9],
  ]);
  expect(expectation.violations(lost)).toEqual([`lost: ${KEY}#3..4`, `lost: ${KEY}#9..9`]);
  expect(expectation.violations(arrivedOf([]))).toEqual([`lost: ${KEY}#0..9`]);
  expect(expectation.violations(arrivedOf([[0, 12]]))).toEqual([`never written: ${KEY}#10..11`]);
  expect(expectation.violations(arrivedOf([[0, 10]], { repeated: ["x#1, 2 times"] }))).toEqual([
    "duplicated: x#1, 2 times",
  ]);
  expect(expectation.violations(arrivedOf([[0, 10]], { odd: ["half"] }))).toEqual(["damaged (1 times): half"]);
});

test("of a file that was taken away the last records may be missing, but none before one that arrived", () => {
  const { expectation, extent } = ten();
  extent.sure = false;
  expect(expectation.violations(arrivedOf([[0, 4]]))).toEqual([]);
  expect(expectation.violations(arrivedOf([]))).toEqual([]);
  expect(expectation.violations(arrivedOf([[2, 10]]))).toEqual([`lost: ${KEY}#0..1`]);
  expect(expectation.unsureRecords).toBe(10);
});

test("a record over two files arrives whole", () => {
  const { expectation, texts } = split();
  const rows = arrivedOf([], { odd: [texts[0]! + texts[1]!, texts[2]!] });
  expect(expectation.violations(rows)).toHaveLength(3);
});

test("a record over two files may arrive in two rows where the agent must suspect a gap between them", () => {
  const { expectation, first, texts } = split();
  first.nameless = true;
  expect(expectation.violations(arrivedOf([], { odd: [texts[0]! + texts[1]!, texts[2]!] }))).toEqual([]);
  expect(expectation.violations(arrivedOf([], { odd: [texts[0]! + texts[1]!] }))).toHaveLength(2);
});

test("of a record whose first file was taken away any part may arrive, once", () => {
  const { expectation, first, texts } = split();
  first.sure = false;
  expect(expectation.violations(arrivedOf([]))).toEqual([]);
  expect(expectation.violations(arrivedOf([], { odd: [texts[2]!] }))).toEqual([]);
  expect(expectation.violations(arrivedOf([], { odd: [texts[2]!, texts[2]!] }))).toHaveLength(1);
});

test("the beginning of a record whose end was taken away may be joined with the next record", () => {
  const { expectation, second, texts } = split();
  second.sure = false;
  const third = expectation.newExtent(2);
  expectation.written(KEY, 1, [{ extent: third, text: messageOf(KEY, 1) }]);
  const joined = texts[0]! + texts[1]! + messageOf(KEY, 1);
  expect(expectation.violations(arrivedOf([], { odd: [joined] }))).toEqual([]);
  expect(expectation.violations(arrivedOf([[1, 2]], { odd: [joined] }))).toHaveLength(1);
});

test("the beginning of a record whose end was taken away may be joined with the rest of one whose beginning was", () => {
  const { expectation, second, texts } = split();
  second.sure = false;
  const third = expectation.newExtent(2);
  const next = messageOf(KEY, 1);
  expectation.written(KEY, 1, [
    { extent: second, text: next.slice(0, 15) },
    { extent: third, text: next.slice(15) },
  ]);
  const joined = texts[0]! + texts[1]! + next.slice(15);
  expect(expectation.violations(arrivedOf([], { odd: [joined] }))).toEqual([]);
  expect(expectation.violations(arrivedOf([], { odd: [joined, joined] }))).toHaveLength(1);
  expect(expectation.violations(arrivedOf([[1, 2]], { odd: [joined] }))).toHaveLength(1);
  expect(expectation.violations(arrivedOf([], { odd: [`${joined}x`] }))).toHaveLength(1);
});

test("the last words of a container that died arrive as they are", () => {
  const { expectation, texts } = split(false);
  expect(expectation.violations(arrivedOf([], { odd: [texts.join("")] }))).toEqual([]);
  expect(expectation.violations(arrivedOf([]))).toHaveLength(1);
});
