import { expect, test } from "vitest";
import { createExportParser } from "../../../../agent/input/systemd/export-format.ts";
import { createJournalRecords } from "../../../../agent/input/systemd/journal-record.ts";
import { encode } from "../../../servers/journalctl.ts";
import { T0_MS } from "../../fixture.ts";
import { entry, systemdConfig } from "./bed.ts";

function made(fields: Parameters<typeof entry>[1], changes: Parameters<typeof systemdConfig>[0] = {}) {
  const [parsed] = createExportParser().push(encode(entry(1, fields)));
  const { source, record } = createJournalRecords(systemdConfig(changes))(parsed!)!;
  return { ...source, ...record, log: record.log === null ? null : Buffer.from(record.log).toString() };
}

test("a record has the entry's time, its message and all fields but those of its place", () => {
  expect(made({ _PID: "7" })).toEqual({
    name: "a.service",
    tag: "host.a.service",
    origin: { source: "host", container: "a.service" },
    seconds: T0_MS / 1000,
    nanos: 1_007_000,
    stream: null,
    level: 3,
    log: "m1",
    fields: { MESSAGE: "m1", PRIORITY: "6", _SYSTEMD_UNIT: "a.service", _PID: "7" },
    messageKey: "MESSAGE",
  });
});

test.each([
  ["0", 6],
  ["2", 6],
  ["3", 5],
  ["4", 4],
  ["5", 3],
  ["6", 3],
  ["7", 2],
  ["8", 0],
  ["x", 0],
])("priority %s is level %i", (priority, level) => expect(made({ PRIORITY: priority }).level).toBe(level));

test("what a service writes to its standard output may name another level than journald's default", () => {
  expect(made({ _TRANSPORT: "stdout" })).toMatchObject({ levelElse: 3 });
  expect(made({ _TRANSPORT: "stdout" })).not.toHaveProperty("level");
  expect(made({ _TRANSPORT: "stdout", PRIORITY: "3" })).toMatchObject({ level: 5 });
});

test.each(["kubelet.service", "containerd.service", "docker.service", "crio.service"])(
  "%s is of the dataplane",
  (unit) => expect(made({ _SYSTEMD_UNIT: unit }).origin).toEqual({ source: "dataplane", container: unit }),
);

test("what is of no unit has Fluent Bit's tag for it, and the name that it gave itself", () => {
  const noUnit = { _SYSTEMD_UNIT: [] as string[], _TRANSPORT: "kernel" };
  expect(made({ ...noUnit, SYSLOG_IDENTIFIER: "kernel" })).toMatchObject({ tag: "host.unknown", origin: { container: "kernel" } }); // prettier-ignore
  expect(made(noUnit)).toMatchObject({ name: "kernel", origin: { container: "kernel" } });
  expect(made({ _SYSTEMD_UNIT: [] }).origin.container).toBe("unknown");
});

test("a unit whose name is none for a folder has one that no other unit has", () => {
  const names = ["user@1000.service", "user_1000.service", ".hidden", "a/../b", "x".repeat(300)].map((unit) => made({ _SYSTEMD_UNIT: unit }).name); // prettier-ignore
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/);
});

test("a field that is there several times is a list, and names are as lowercase and strip_underscores say", () => {
  expect(made({ _A: ["1", "2", "3"] }).fields).toMatchObject({ _A: ["1", "2", "3"] });
  const options = { lowercase: true, stripUnderscores: true };
  expect(made({ __X: "no", _B: "1" }, options)).toMatchObject({
    fields: { message: "m1", priority: "6", systemd_unit: "a.service", b: "1" },
    messageKey: "message",
  });
});

test("an entry without a message has its fields alone, one with two the first as its message", () => {
  expect(made({ MESSAGE: [] })).toMatchObject({ log: null, fields: { PRIORITY: "6" } });
  const two = made({ MESSAGE: ["a", "b"] });
  expect(two).toMatchObject({ log: "a", fields: { MESSAGE: ["a", "b"] } });
  expect(two).not.toHaveProperty("messageKey");
});

test("no more than max_fields are taken, though the message comes behind them", () => {
  const { log, fields } = made({ MESSAGE: [], A: "1", B: "2", C: "3" }, { maxFields: 3 });
  expect([log, Object.keys(fields!)]).toEqual([null, ["PRIORITY", "_SYSTEMD_UNIT", "A"]]);
});

test("a field may have any name", () => {
  expect(made({ constructor: "c", toString: ["a", "b"] }).fields).toMatchObject({
    constructor: "c",
    toString: ["a", "b"],
  });
});
