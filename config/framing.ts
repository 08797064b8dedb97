/**
 * How a container runtime writes a line: containerd and CRI-O (`<time> <stream> <F|P> <message>`), Docker's json-file driver
 * (`{"log":…,"stream":…,"time":…}`), or as the program did; `spool`: as the agent itself writes what it can't read again
 * (agent/parser/spool.ts). A line in another form than its file's counts as plain.
 */
export type Framing = "cri" | "docker" | "plain" | "spool";

export const FRAMINGS: readonly Framing[] = ["cri", "docker", "plain", "spool"];

/** Those that a container runtime writes, by the names of their parsers. */
export const RUNTIME_FRAMINGS = ["cri", "docker"] as const;
