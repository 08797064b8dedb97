import { expect, test } from "vitest";
import {
  prefixesToAsk,
  sourceName,
  streamOrigin,
  takesStream,
} from "../../../../agent/input/cloudwatch-logs/components.ts";

test.each([
  ["kube-apiserver-audit-0a1b2c3d", "kube-apiserver-audit", "0a1b2c3d", "audit"],
  ["kube-apiserver-0a1b2c3d", "kube-apiserver", "0a1b2c3d", "api"],
  ["authenticator-0a1b2c3d", "authenticator", "0a1b2c3d", "authenticator"],
  ["kube-controller-manager-0a1b2c3d", "kube-controller-manager", "0a1b2c3d", "controllerManager"],
  ["cloud-controller-manager-0a1b2c3d", "cloud-controller-manager", "0a1b2c3d", "controllerManager"],
  ["kube-scheduler-0a1b2c3d", "kube-scheduler", "0a1b2c3d", "scheduler"],
  ["something-new-0a1b2c3d", "something-new", "0a1b2c3d", null],
  ["no suffix", "no suffix", "", null],
])("stream %s is of %s", (stream, component, instance, type) => {
  expect(streamOrigin(stream)).toEqual({ component, instance, type });
});

const ALL = { types: [], streamPrefixes: [] };

test("without a choice all streams are taken by one question", () => {
  expect(prefixesToAsk(ALL)).toEqual([null]);
  expect(takesStream(ALL, "something-new-0a1b2c3d")).toBe(true);
});

test("api does not take the audit log, which its prefix reaches too", () => {
  const api = { types: ["api"], streamPrefixes: [] } as const;
  expect(prefixesToAsk(api)).toEqual(["kube-apiserver-"]);
  expect(takesStream(api, "kube-apiserver-0a1b")).toBe(true);
  expect(takesStream(api, "kube-apiserver-audit-0a1b")).toBe(false);
});

test("api and audit together are one question, controllerManager is two", () => {
  expect(prefixesToAsk({ types: ["api", "audit"], streamPrefixes: [] })).toEqual(["kube-apiserver-"]);
  expect(prefixesToAsk({ types: ["audit"], streamPrefixes: [] })).toEqual(["kube-apiserver-audit-"]);
  const managers = { types: ["controllerManager"], streamPrefixes: ["own"] } as const;
  expect(prefixesToAsk(managers)).toEqual(["own", "kube-controller-manager-", "cloud-controller-manager-"]);
  expect(takesStream(managers, "own-stream")).toBe(true);
  expect(takesStream(managers, "other")).toBe(false);
});

test("a stream's folder is its name where that is one", () => {
  expect(sourceName("kube-apiserver-0a1b")).toBe("kube-apiserver-0a1b");
  expect(sourceName("2026/11/21/[$LATEST]0a1b")).toMatch(/^2026-11-21-LATEST-0a1b\.[0-9a-f]{16}$/);
  expect(sourceName("..")).toMatch(/^stream\.[0-9a-f]{16}$/);
});
