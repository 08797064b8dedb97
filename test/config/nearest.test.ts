import { expect, test } from "vitest";

import { nearest } from "../../config/nearest.ts";

test("a missing, an extra, a wrong letter and a swap of neighbours are each one edit", () => {
  for (const name of ["pth", "paath", "pzth", "apth"]) expect(nearest(name, ["tag", "path"])).toBe("path");
});

test("the nearest wins, the first of equals", () => {
  expect(nearest("http_por", ["http_ports", "http_port", "http_pore"])).toBe("http_port");
});

test("a name unlike any has no nearest", () => {
  expect(nearest("colour", ["cluster", "grace", "log_level"])).toBeNull();
  expect(nearest("xy", ["ab", "path"])).toBeNull();
});
