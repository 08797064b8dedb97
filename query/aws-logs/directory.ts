/** AWS's log files in a local directory: anywhere below it, however they were copied there. */
import { createReadStream } from "node:fs";
import { access, opendir, stat } from "node:fs/promises";
import { join } from "node:path";
import { CliError, EXIT } from "../cli-error.ts";
import { readFileName } from "./file-name.ts";
import type { FilePlace, FoundFile, Wanted } from "./store.ts";

/** Deeper is no copy of a bucket. */
const DEPTH_MAX = 32;

export function openFolder(location: string): FilePlace {
  return {
    kind: "directory",
    async *list(wanted, signal) {
      let any = false;
      for await (const file of walk(location, "", wanted, signal, 0)) {
        any = true;
        yield file;
      }
      if (!any) throw noFiles(location, wanted.layout);
    },
    async open({ key }) {
      const path = join(location, key);
      return (await access(path).then(
        () => true,
        () => false,
      ))
        ? createReadStream(path)
        : null;
    },
    spent: () => ({ bytesRead: 0, requests: 0, listRequests: 0 }),
  };
}

async function* walk(
  root: string,
  below: string,
  wanted: Wanted,
  signal: AbortSignal,
  depth: number,
): AsyncGenerator<FoundFile> {
  signal.throwIfAborted();
  const directory = await opendir(join(root, below)).catch((error: NodeJS.ErrnoException) => {
    if (depth > 0 && error.code === "ENOENT") return null;
    throw unreadable(join(root, below), error);
  });
  for await (const entry of directory ?? []) {
    const key = below === "" ? entry.name : `${below}/${entry.name}`;
    // Links are not followed: they could lead anywhere.
    if (entry.isDirectory() && depth < DEPTH_MAX) yield* walk(root, key, wanted, signal, depth + 1);
    if (!entry.isFile() || readFileName(key, wanted.layout) === null) continue;
    const info = await stat(join(root, key)).catch(() => null);
    if (info !== null) yield { key, bytes: info.size, modifiedMs: info.mtimeMs };
  }
}

function noFiles(location: string, { service, extensions }: Wanted["layout"]): CliError {
  const name = `…_${service}_…${extensions[0]!}`;
  const hint = `name the folder that holds AWSLogs/, or any other with files called ${name}: --store DIRECTORY`;
  return new CliError(`${location} holds no files of ${service}`, hint, EXIT.backend);
}

function unreadable(path: string, { code, message }: NodeJS.ErrnoException): CliError {
  if (code === "ENOENT")
    return new CliError(`${path} does not exist`, "check the path: --store DIRECTORY", EXIT.backend);
  if (code === "ENOTDIR") return new CliError(`${path} is a file`, "name the directory that it is in", EXIT.backend);
  return new CliError(`cannot list ${path}: ${message}`, "check its permissions", EXIT.backend);
}
