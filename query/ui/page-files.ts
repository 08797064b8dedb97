/** The files of the page, read once: no path of a request is ever joined to a folder. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CliError, EXIT } from "../cli-error.ts";

export interface PageFile {
  readonly contentType: string;
  readonly body: Buffer;
}

/** By the path that asks for them. build.mjs makes them of query/ui/page/. */
const FILES: Readonly<Record<string, { readonly name: string; readonly contentType: string }>> = {
  "/": { name: "index.html", contentType: "text/html; charset=utf-8" },
  "/main.js": { name: "main.js", contentType: "text/javascript; charset=utf-8" },
  "/icon.svg": { name: "icon.svg", contentType: "image/svg+xml" },
  "/style.css": { name: "style.css", contentType: "text/css; charset=utf-8" },
};

/** Where they lie: beside the bundle; for a program that runs from its source, where the bundle would be. */
const FOLDERS = [join(import.meta.dirname, "ui"), join(import.meta.dirname, "../../dist/ui")];

/** Throws CliError (exit 4) where the page was not built. */
export async function readPageFiles(folders: readonly string[] = FOLDERS): Promise<ReadonlyMap<string, PageFile>> {
  const [folder, ...others] = folders;
  if (folder === undefined) throw new CliError("the page of logq ui was not built", "npm run build", EXIT.backend);
  try {
    const files = Object.entries(FILES).map(async ([path, { name, contentType }]) => {
      return [path, { contentType, body: await readFile(join(folder, name)) }] as const;
    });
    return new Map(await Promise.all(files));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return await readPageFiles(others);
  }
}
