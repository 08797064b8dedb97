import { chmod, mkdir } from "node:fs/promises";
import { dirname } from "node:path";

/** Of what the state folder holds: log lines that wait or were refused, names of pods, where they go. */
export const OWNER_ONLY = 0o600;
const OWNER_ONLY_FOLDER = 0o700;

/**
 * Makes a folder that its owner alone may look into; one that is there is made so, unless it is somebody else's. The folders
 * above it are made as the process's umask says.
 */
export async function makePrivateFolder(path: string): Promise<void> {
  await makeFolder(path);
  await chmod(path, OWNER_ONLY_FOLDER).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EPERM" && error.code !== "EROFS") throw error;
  });
}

/** Makes the state folder. One that is there stays as it is: a volume may be shared by those who mount it. */
export async function makeStateFolder(path: string): Promise<void> {
  await makeFolder(path);
}

/** `recursive` would give the folders above the same mode. */
async function makeFolder(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  try {
    await mkdir(path, { mode: OWNER_ONLY_FOLDER });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
