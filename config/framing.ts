/**
 * How a container runtime writes a line: containerd and CRI-O (`<time> <stream> <F|P> <message>`), Docker's json-file driver
 * (`{"log":…,"stream":…,"time":…}`), or as the program did. A line in another form than its file's counts as plain.
 */
export type Framing = "cri" | "docker" | "plain";

export const FRAMINGS: readonly Framing[] = ["cri", "docker", "plain"];
