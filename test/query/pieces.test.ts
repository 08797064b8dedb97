import { expect, test } from "vitest";
import { piecesOf } from "../../query/pieces.ts";
import type { StoredObject } from "../../query/store/store.ts";

const MB = 1024 * 1024;

function stored(hour: number, bytes = MB, modifiedMs = 0): StoredObject {
  const path = `cluster=prod/dt=2026-03-01/hour=${hour}`;
  return { key: `${path}/${bytes}-${modifiedMs}`, bytes, modifiedMs, partition: { cluster: "prod", hour, path } };
}

test("what only all objects together give is asked of all", () => {
  const objects = [stored(1), stored(2)];
  expect(piecesOf(objects, null, "directory")).toEqual([objects]);
});

test("of a directory some MB are read at a time, a larger object by itself, in the same order", () => {
  const objects = [stored(1, 5 * MB), stored(1, 3 * MB), stored(1, 1), stored(2, 20 * MB), stored(2, 2 * MB)];
  const pieces = piecesOf(objects, "any", "directory");
  expect(pieces.map((piece) => piece.length)).toEqual([2, 1, 1, 1]);
  expect(pieces.flat()).toEqual(objects);
});

test("of S3 more are fetched beside each other, but no more than a thousand", () => {
  const objects = Array.from({ length: 2500 }, (_, i) => stored(1, 1000, i));
  expect(piecesOf(objects, "any", "s3").map((piece) => piece.length)).toEqual([1024, 1024, 452]);
  expect(piecesOf(objects.slice(0, 20), "any", "s3")).toHaveLength(1);
});

test("the newest rows are looked for in the last hour that has objects, then in ever more hours before it", () => {
  const objects = [1, 2, 4, 5, 7, 8, 9, 12].map((hour) => stored(hour));
  const hours = piecesOf(objects, "newest first", "s3").map((piece) => piece.map(({ partition }) => partition.hour));
  expect(hours).toEqual([[12], [9, 8], [7, 5, 4, 2], [1]]);
});

test("an hour is of all clusters, and its objects come by when they were written", () => {
  const other = { ...stored(3, 1, 20), partition: { cluster: "dev", hour: 3, path: "cluster=dev/dt=…/hour=3" } };
  const pieces = piecesOf([stored(3, 1, 10), stored(3, 1, 30), other], "newest first", "directory");
  expect(pieces.map((piece) => piece.map(({ modifiedMs }) => modifiedMs))).toEqual([[30, 20, 10]]);
});

test("without objects there is nothing to ask twice", () => {
  expect(piecesOf([], "any", "directory").length).toBeLessThan(2);
  expect(piecesOf([], "newest first", "directory").length).toBeLessThan(2);
});
