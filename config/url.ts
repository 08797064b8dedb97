import { refuseOption } from "./plugin.ts";
import type { Findings } from "./problem.ts";
import type { RawSection } from "./raw.ts";

/** Refuses what is no URL, and one with a password in it: URLs are shown in logs and by `--dry-run`, and journaled. */
export function checkUrl(url: string, option: string, section: RawSection, found: Findings): void {
  const refuse = (message: string): void => refuseOption(section, option, message, found);
  if (!/^https?:\/\/[^/]+/.test(url)) refuse(`${url} is not a URL; write https:// and the host`);
  else if (USER.test(url))
    refuse("has a user or a password; remove it: credentials come from the environment, a profile or a role");
}

/** The same for the address of the Kubernetes API, which has no path. */
export function checkApiUrl(url: string, option: string, section: RawSection, found: Findings): void {
  if (!/^https?:\/\/[^/\s@]+\/?$/.test(url))
    refuseOption(section, option, `${url.replace(USER, "$1")} is no address; write it as https://HOST:PORT`, found);
}

const USER = /^(https?:\/\/)[^/?#]*@/;
