import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The user of a pod that needs nothing of the node's: the reader of the control plane's logs. */
export const PLAIN_UID = 10001;

/** What is mounted over, or what a container runtime writes to: a read-only root has no room for more. */
const FOLDERS = [
  "dev",
  "etc/logq",
  "proc",
  "run",
  "sys",
  "tmp",
  "usr/bin",
  "usr/lib",
  "usr/lib64",
  "var/lib/logq",
  "var/log",
];
const LINKS = ["bin", "lib", "lib64"];

/**
 * The files of a system that glibc and tools ask for, and the folders that volumes are mounted on. Not in it: certificates (Node.js brings Mozilla's list;
 * another authority is mounted, and named in NODE_EXTRA_CA_CERTS) and time zones (Node.js brings its own; the agent's times are UTC).
 */
export function writeSystemFiles(root: string, version: string): void {
  for (const folder of FOLDERS) mkdirSync(join(root, folder), { recursive: true });
  for (const name of LINKS) symlinkSync(`usr/${name}`, join(root, name));
  chmodSync(join(root, "tmp"), 0o1777);
  for (const [path, text] of Object.entries(files(version))) writeFileSync(join(root, path), text);
}

function files(version: string): Record<string, string> {
  return {
    "etc/passwd": `root:x:0:0:root:/:/sbin/nologin\nlogq:x:${PLAIN_UID}:${PLAIN_UID}:logq:/:/sbin/nologin\n`,
    "etc/group": `root:x:0:\nlogq:x:${PLAIN_UID}:\n`,
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    // The container runtime mounts the pod's own over these.
    "etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "etc/resolv.conf": "",
    "etc/hostname": "",
    // Scanners for known faults ask which system the libraries are of.
    "etc/os-release": readFileSync("/etc/os-release", "utf8"),
    "etc/logq-release": `${version}\n`,
  };
}
