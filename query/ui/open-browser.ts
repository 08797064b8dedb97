import { spawn } from "node:child_process";

/** Opens a page in the user's browser, where there is a desktop; never fails: the link is printed all the same. */
export function openBrowser(
  url: string,
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
): void {
  const program = browserProgram(platform, env);
  if (program === null) return;
  spawn(program, [url], { stdio: "ignore", detached: true })
    .on("error", () => {})
    .unref();
}

/** The program that opens a link; null without a screen of this user's: over SSH, in a container, on a server. */
export function browserProgram(
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
): string | null {
  if (env["SSH_CONNECTION"]) return null;
  if (platform === "darwin") return "open";
  // Without one xdg-open would take the terminal for a browser of texts.
  return env["DISPLAY"] || env["WAYLAND_DISPLAY"] ? "xdg-open" : null;
}
