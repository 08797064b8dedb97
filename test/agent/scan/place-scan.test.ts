import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createPlaceScan, type PlaceScanOptions } from "../../../agent/scan/place-scan.ts";

const WORDS: PlaceScanOptions = { trigrams: [[["eE", "cC", "rR"]], [["1", ".", "2"]]], characters: "@" };
const DIGITS: PlaceScanOptions = { trigrams: [], digits: true };

/** What is found in a text that lies within other bytes of the same kind. */
function placesIn(options: PlaceScanOptions, text: string, around = text): number[] {
  const bytes = Buffer.from(around + text + around);
  const from = Buffer.byteLength(around);
  const { places, count } = scanOf(options)(bytes, from, bytes.length - from);
  return Array.from(places.subarray(0, count), (place) => place - from);
}

const SCANS = new Map<PlaceScanOptions, NonNullable<ReturnType<typeof createPlaceScan>>>();

function scanOf(options: PlaceScanOptions) {
  const scan = SCANS.get(options) ?? createPlaceScan(options)!;
  SCANS.set(options, scan);
  return scan;
}

const matchesOf = (text: string, pattern: RegExp) => Array.from(text.matchAll(pattern), ({ index }) => index);

/** Texts of these pieces, up to some bytes short of so many more, so that all places of blocks and slices are met. */
const texts = (...pieces: string[]) =>
  fc
    .tuple(
      fc.constantFrom(0, 40, 130, 65_500, 131_000),
      fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 60 }),
    )
    .map(([before, some]) => "·".repeat(before / 2) + some.join(""))
    .map((text) => text.replaceAll("·", "x "));

describe("places", () => {
  test("are where a trigram or a character begins, in any block or slice, ascending", () => {
    fc.assert(
      fc.property(texts("ecr", "E", "Cr", "1.2", "1", ".", "@", "x".repeat(61), " "), (text) => {
        expect(placesIn(WORDS, text)).toEqual(
          // The last two bytes go on in what lies behind.
          expect.arrayContaining(matchesOf(text, /(?=ecr|1\.2|@)/gi)),
        );
        const isPlace = (at: number) => /^(?:ecr|1\.2|@)/i.test(text.slice(at, at + 3));
        expect(placesIn(WORDS, text, "").filter((at) => !isPlace(at))).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  test("are dots of an address, and digits from the thirteenth on with no more than one gap between two", () => {
    fc.assert(
      fc.property(texts("12", "7", ".", "-", " ", "x", "123456", "1.2.3", "x".repeat(61)), (text) => {
        const found = placesIn(DIGITS, text);
        const dots = matchesOf(text, /(?<=\d)\.(?=\d{1,3}\.\d)/g);
        const run = matchesOf(text, /(?<=\d(?:[ -]?\d|(?<=\d)[ -]){11,})(?:\d|(?<=\d)[ -])/g);
        const thirteenth = run.filter((at) => isThirteenth(text, at));
        expect(found).toEqual(expect.arrayContaining([...dots, ...thirteenth]));
        expect(found.toSorted((a, b) => a - b)).toEqual(found);
        // What can't be seen in one block is a place to be safe: few.
        const exact = new Set([...dots, ...thirteenth]);
        expect(found.filter((at) => !exact.has(at)).every((at) => ".0123456789- ".includes(text[at]!))).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test("are not found in what a scan before it left behind", () => {
    const scan = createPlaceScan(WORDS)!;
    expect(scan(Buffer.from("@".repeat(70_000)), 0, 70_000).count).toBe(70_000);
    expect(scan(Buffer.from("e"), 0, 1).count).toBe(0);
    expect(scan(Buffer.from("cr"), 0, 2).count).toBe(0);
  });
});

/** Whether thirteen bytes up to this one are digits, and gaps each of which is behind a digit. */
function isThirteenth(text: string, at: number): boolean {
  return at >= 12 && /^(?:\d[ -]?)+$/.test(text.slice(at - 12, at + 1));
}
