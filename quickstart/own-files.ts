import { readdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startAgent } from "./agent.ts";
import { ask, show } from "./ask.ts";
import { countLines, escapeGlob, findLogFiles, type LogFile } from "./log-files.ts";
import { prepareFolder, shorten, type Folder } from "./project.ts";
import type { Screen } from "./screen.ts";
import { count, countShipped, megabytes, plural, renderShipped } from "./shipped.ts";

const FILES_SHOWN_MAX = 40;

/** The tour on real log files. They are only read: no links are made to them. Throws if a path is wrong or a part fails. */
export async function runOnOwnFiles(paths: readonly string[], screen: Screen, signal: AbortSignal): Promise<void> {
  const { files, skipped } = findLogFiles(paths);
  if (files.length === 0) {
    throw new Error(`read ${paths.join(", ")}: there is no log file below; ${skipped[0] ?? "give other paths"}`);
  }
  const folder = prepareFolder(files.map((file) => file.path));
  for (const text of skipped) screen.print(`skipped ${text}`);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  screen.heading(`${plural(files.length, "file")}, ${megabytes(bytes)}`);
  screen.print(`$ logq-agent -c ${shorten(folder.config)} --once`);
  const patterns = files.map((file) => escapeGlob(file.path));
  const agent = startAgent(folder, { paths: patterns, once: true, links: false, hostname: hostname() });
  const interrupt = (): void => void agent.stop().catch(() => undefined);
  signal.addEventListener("abort", interrupt, { once: true });
  const done = agent.done.then(() => true);
  while (!(await Promise.race([done, sleep(500, false)]))) screen.status(renderShipped(await countShipped(folder)));
  signal.throwIfAborted();
  screen.status(renderShipped(await countShipped(folder)));
  await showFiles(files, folder, screen);
  const format = (name: string): string[] => (screen.isTerminal ? [] : ["-o", name]);
  await show(folder, screen, "select *", ["--limit", "5", ...format("log")]);
  await show(folder, screen, "select level, count(*) as records group by 1 order by 2 desc", format("table"));
  const logq = `node ${shorten(folder.programs.logq)} --store ${shorten(folder.store)}`;
  screen.heading("Try next");
  screen.print(`  ${logq} -g 'error|fail' -i --limit 20`);
  screen.print(`  ${logq} "select date_trunc('minute', ts) as minute, count(*) group by 1 order by 1"`);
  screen.print(`The agent's configuration: ${shorten(folder.config)}; all of this is in ${shorten(folder.path)}`);
}

/** Per file what it holds and what logq finds of it. */
async function showFiles(files: readonly LogFile[], folder: Folder, screen: Screen): Promise<void> {
  const query = "select file, count(*) as records group by 1";
  screen.command(`logq "${query}"`);
  const rows = await ask<{ file: string; records: number }>(folder, query);
  const pathOf = readFileIds(folder);
  const records = new Map<string, number>();
  for (const row of rows) {
    const path = pathOf.get(row.file.split("/").at(-1)!) ?? row.file;
    records.set(path, (records.get(path) ?? 0) + row.records);
  }
  screen.print(`${"lines".padStart(12)}  ${"rows".padStart(12)}`);
  for (const { path } of files.slice(0, FILES_SHOWN_MAX)) {
    screen.print(
      `${count(countLines(path)).padStart(12)}  ${count(records.get(path) ?? 0).padStart(12)}  ${shorten(path)}`,
    );
  }
  if (files.length > FILES_SHOWN_MAX) screen.print(`… and ${count(files.length - FILES_SHOWN_MAX)} more files`);
}

/** The agent's state says which file an id stands for: `files/<id>.json`. */
function readFileIds(folder: Folder): Map<string, string> {
  const files = join(folder.state, "files");
  const names = readdirSync(files).filter((name) => /\.(json|gone)$/.test(name));
  return new Map(
    names.map((name) => {
      const { id, path } = JSON.parse(readFileSync(join(files, name), "utf8")) as { id: string; path: string };
      return [id, path];
    }),
  );
}
