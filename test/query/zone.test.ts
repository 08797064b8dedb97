import { expect, test } from "vitest";
import { inZone, resolveZone } from "../../query/zone.ts";

test.each([
  ["UTC", "2026-11-21T05:00:00.123Z"],
  ["Asia/Shanghai", "2026-11-21T13:00:00.123+08:00"],
  ["America/St_Johns", "2026-11-21T01:30:00.123-03:30"],
  ["Asia/Kathmandu", "2026-11-21T10:45:00.123+05:45"],
])("a time in %s is %s", (zone, text) => {
  expect(inZone("2026-11-21T05:00:00.123Z", zone)).toBe(text);
});

test("the offset follows the change of clocks within one result", () => {
  expect(inZone("2026-10-25T00:59:59.9Z", "Europe/Berlin")).toBe("2026-10-25T02:59:59.9+02:00");
  expect(inZone("2026-10-25T01:00:00Z", "Europe/Berlin")).toBe("2026-10-25T02:00:00+01:00");
});

test("what is no UTC time is left as it is", () => {
  expect(inZone("2026-11-21", "Asia/Shanghai")).toBe("2026-11-21");
});

test("zones are named by IANA name, offset, UTC or local", () => {
  expect(resolveZone("asia/shanghai")).toBe("Asia/Shanghai");
  expect(resolveZone("utc")).toBe("UTC");
  expect(resolveZone("+08:00")).toBe("+08:00");
  expect(resolveZone("local")).toBe(Intl.DateTimeFormat().resolvedOptions().timeZone);
});

test.each([
  ["Shanghai", "did you mean Asia/Shanghai?"],
  ["Europe/Berln", "did you mean Europe/Berlin?"],
  ["Mars", "Use an IANA name"],
])("the unknown zone %s is refused with a remedy", (name, remedy) => {
  expect(() => resolveZone(name)).toThrow(expect.objectContaining({ hint: expect.stringContaining(remedy) }));
});
