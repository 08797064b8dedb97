import { expect, test } from "vitest";
import { createKubernetes } from "../../../../agent/filter/kubernetes/filter.ts";
import { STREAM } from "../../../../agent/record.ts";
import { kubernetesFilter } from "../../../helpers/kubernetes-filter.ts";
import { originOfFile } from "../../fixture.ts";
import { logsOf, POD, rowsOf } from "../fixture.ts";

const MATCH = { pattern: "*", regex: false };

function originThatExcludes(exclude: readonly ("stdout" | "stderr")[]) {
  const nothing = { ip: null, imageId: null, annotations: null, ownerReferences: null, namespace: null };
  return originOfFile("f", { ...POD, podDetails: { ...nothing, exclude } });
}

function shipped(exclude: readonly ("stdout" | "stderr")[]): string[] {
  const rows = rowsOf(["out", "err", "none"], originThatExcludes(exclude));
  rows.batch.stream.set([STREAM.stdout, STREAM.stderr, STREAM.none]);
  createKubernetes(kubernetesFilter({ match: MATCH, loggingExclude: true }), () => undefined)!
    .open(rows.origin, {})
    ?.apply(rows);
  return logsOf(rows);
}

test("a stream that its pod excludes is left out, the other one is not", () => {
  expect(shipped(["stdout"])).toEqual(["err", "none"]);
  expect(shipped(["stderr"])).toEqual(["out", "none"]);
  expect(shipped(["stdout", "stderr"])).toEqual([]);
  expect(shipped([])).toEqual(["out", "err", "none"]);
});

test("pods exclude nothing where k8s-logging.exclude does not let them; others cost nothing", () => {
  expect(createKubernetes(kubernetesFilter({ match: MATCH }), () => undefined)).toBeNull();
  const filter = createKubernetes(kubernetesFilter({ match: MATCH, loggingExclude: true }), () => undefined)!;
  expect(filter.open(originThatExcludes([]), {})).toBeNull();
  expect(filter.open(originOfFile("f", POD), {})).toBeNull();
});
