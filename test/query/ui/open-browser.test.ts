import { expect, test } from "vitest";
import { browserProgram } from "../../../query/ui/open-browser.ts";

test.each<[where: string, platform: NodeJS.Platform, env: Record<string, string>, program: string | null]>([
  ["a desktop of X11", "linux", { DISPLAY: ":0" }, "xdg-open"],
  ["a desktop of Wayland", "linux", { WAYLAND_DISPLAY: "wayland-0" }, "xdg-open"],
  ["a Mac", "darwin", {}, "open"],
  ["a server", "linux", {}, null],
  [
    "the other end of SSH, with X11 forwarded",
    "linux",
    { DISPLAY: "localhost:10.0", SSH_CONNECTION: "a 1 b 22" },
    null,
  ],
])("on %s a link is opened by what opens links there, if anything does", (_, platform, env, program) => {
  expect(browserProgram(platform, env)).toBe(program);
});
