import { renameSync } from "node:fs";
import { expect, test } from "vitest";
import { append, cri, T0_MS } from "../../fixture.ts";
import { openBed, restartBed } from "../../bed.ts";

/** Pods that become known when a test says so. */
function pods(waitMs = 60_000) {
  const known = { isKnown: false };
  const details = { ip: null, imageId: null, annotations: null, ownerReferences: null, namespace: null, exclude: [] };
  const given: string[] = [];
  return {
    known,
    given,
    options: {
      pods: {
        waitMs,
        awaits: (origin: { podDetails?: unknown }) => origin.podDetails === undefined,
        onGivenUp: ({ path }: { path: string }) => given.push(path),
      },
      changeOrigin: () => (known.isKnown ? { labels: { app: "web" }, podDetails: details } : {}),
    },
  };
}

test("a file whose pod is not known is kept but not shipped; then it has its labels, in its record too", async () => {
  const { known, options } = pods();
  await using bed = await openBed(options);
  append(`${bed.logs}/a.log`, cri("stdout", "F", "first"));
  await bed.run(T0_MS);
  expect(bed.logsShipped()).toEqual([]);
  expect(bed.tail.awaiting).toBe(1);
  known.isKnown = true;
  await bed.run(T0_MS + 1000);
  expect(bed.logsShipped()).toEqual(["first"]);
  expect(bed.tail.awaiting).toBe(0);
  const [file] = [...bed.tail.files.values()];
  expect(file!.record).toMatchObject({ origin: { labels: { app: "web" } } });
  expect(file!.record).not.toHaveProperty("awaitsPod");
});

test("it waits no longer than it may, then goes with what its path says, and stays so", async () => {
  const { known, given, options } = pods(10_000);
  await using bed = await openBed(options);
  append(`${bed.logs}/a.log`, cri("stdout", "F", "first"));
  await bed.run(T0_MS);
  await bed.run(T0_MS + 8000);
  expect(bed.logsShipped()).toEqual([]);
  await bed.run(T0_MS + 10_000);
  expect(bed.logsShipped()).toEqual(["first"]);
  expect(given).toHaveLength(1);
  known.isKnown = true;
  append(`${bed.logs}/a.log`, cri("stdout", "F", "second"));
  await bed.run(T0_MS + 20_000);
  expect([...bed.tail.files.values()][0]!.record.origin.labels).toBeNull();
});

test("after a restart it is still waiting, and the API is asked again", async () => {
  const { known, options } = pods();
  await using first = await openBed(options);
  append(`${first.logs}/a.log`, cri("stdout", "F", "first"));
  await first.run(T0_MS);
  known.isKnown = true;
  await using bed = await restartBed(first, options);
  expect(bed.tail.awaiting).toBe(1);
  await bed.run(T0_MS + 1000);
  expect(bed.logsShipped()).toEqual(["first"]);
});

test("the file after a rotation has the pod of the one before, if the API knows it no more", async () => {
  const { known, options } = pods();
  known.isKnown = true;
  await using bed = await openBed(options);
  append(`${bed.logs}/a.log`, cri("stdout", "F", "first"));
  await bed.run(T0_MS);
  known.isKnown = false;
  renameSync(`${bed.logs}/a.log`, `${bed.logs}/a.log.20261121-050000`);
  append(`${bed.logs}/a.log`, cri("stdout", "F", "second"));
  await bed.run(T0_MS + 10_000);
  expect(bed.logsShipped()).toEqual(["first", "second"]);
  expect(bed.tail.awaiting).toBe(0);
});
