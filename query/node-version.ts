import packageJson from "../package.json" with { type: "json" };

/** What to tell who runs logq on a Node.js that is too old for it, by its version; null if it is not. */
export function nodeMistake(version: string): string | null {
  const needed = packageJson.engines.node.replace(">=", "");
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [majorMin = 0, minorMin = 0] = needed.split(".").map(Number);
  const isOld = major < majorMin || (major === majorMin && minor < minorMin);
  return isOld ? `logq needs Node.js ${needed} or later, this is ${version}` : null;
}
