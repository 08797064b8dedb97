import { statSync } from "node:fs";
import { dirname } from "node:path";
import type { FollowedFile } from "./followed-file.ts";
import type { TailState } from "./tail-state.ts";

/** The reason where the configuration says so. */
export const LINKS_OFF = "links: off";

/** The reason before a new file has been found on the mount. */
const FOUND_HELD = "held before the restart";

/** How the files of one mount are kept from vanishing. */
export interface Mount {
  readonly path: string;
  /** `linked`: by hard links. `held`: by open descriptors, which end with the agent. */
  readonly mode: "linked" | "held";
  /** Why they are not linked: `links: off`, or the error code of link(2), as EXDEV, or that they were found like that. */
  readonly reason: string | null;
}

/** Takes note of how a file could be retained, and says it once for its mount if that is not by a link. */
export function noteMount(state: TailState, file: { device: number; path: string }, reason: string | null): void {
  const known = state.mounts.get(file.device);
  if (known !== undefined && known.reason === reason) return;
  const mount: Mount = { path: mountPoint(file), mode: reason === null ? "linked" : "held", reason };
  state.mounts.set(file.device, mount);
  if (mount.mode === "linked") return;
  const level = reason === LINKS_OFF ? "info" : "warn";
  const text =
    "files of this mount can't be linked, they are held open: what is deleted while the agent is down is lost; mount the logs and storage.path as one volume, writable, to link them";
  state.options.log[level]({ mount: mount.path, reason }, text);
}

/** Takes note of how a file of an earlier life is retained, silently. Why it was not linked then is known no more. */
export function recallMount(state: TailState, { device, record }: FollowedFile): void {
  if (state.mounts.has(device) || record.givenUp !== undefined) return;
  // Its folder may have been deleted with its pod.
  if (statSync(dirname(record.path), { throwIfNoEntry: false })?.dev !== device) return;
  const path = mountPoint({ device, path: record.path });
  const retained = record.linked
    ? ({ mode: "linked", reason: null } as const)
    : ({ mode: "held", reason: FOUND_HELD } as const);
  state.mounts.set(device, { path, ...retained });
}

/** The topmost folder above a path on the same device. */
function mountPoint({ device, path }: { device: number; path: string }): string {
  let at = dirname(path);
  for (;;) {
    const parent = dirname(at);
    if (parent === at || statSync(parent, { throwIfNoEntry: false })?.dev !== device) return at;
    at = parent;
  }
}
