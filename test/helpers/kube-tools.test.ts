import { expect, test } from "vitest";
import { ensureTools } from "../kube/tools.ts";

const ETCD = { command: "etcd", args: ["--version"], aptPackage: "etcd-server", hint: "install etcd" };
const GO = { command: "go", args: ["version"], aptPackage: null, hint: "install Go" };

test("what is missing and can't be installed is said with what to do", () => {
  expect(() => ensureTools([GO], () => false)).toThrow(
    "cannot start a cluster: there is no go on the PATH; install Go",
  );
  expect(() => ensureTools([ETCD], () => false)).toThrow("there is no etcd on the PATH; install etcd");
});

test("nothing is installed where all is there", () => {
  const ran: string[] = [];
  ensureTools([GO, ETCD], (command) => ran.push(command) > 0);
  expect(ran).toEqual(["go", "etcd"]);
});
