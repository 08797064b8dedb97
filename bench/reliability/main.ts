import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { runCell, type CellResult } from "./cell.ts";
import { CAPACITY, cellName, listCells, weightOf, type Cell } from "./cells.ts";
import { renderReport } from "./report.ts";
import { renderResolver, resolverFailures, runResolver } from "./resolver.ts";

const USAGE = `usage: npm run reliability -- [options]
       npm run reliability -- resolver     (as root) beside a name server that never answers

Runs the matrix rate × fault × mode with the built agent, a writing node and rotation, proves by SQL what arrived, and
writes docs/reliability.md. Results are kept in .cache/reliability/results, one file a cell: a cell that passed is not
run again.

  --only LIST    cells to run: rate=1,fault=kill -9|SIGTERM,mode=links (all)
  --seconds N    how long containers write in a cell (60)
  --again        run cells that passed already, too
  --report       write the page from what is there, run nothing
`;

const FOLDER = resolve(".cache/reliability");
const PAGE = "docs/reliability.md";

async function main(): Promise<void> {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const options = { only: text, seconds: text, again: flag, report: flag, help: flag };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const isOther = positionals.length > 0 && positionals.join() !== "resolver";
  if (values.help || isOther) return void process.stdout.write(USAGE);
  if (positionals.length > 0) return await measureResolver();
  const results = join(FOLDER, "results");
  mkdirSync(results, { recursive: true });
  if (!values.report) {
    const cells = listCells(Number(values.seconds ?? 60), values.only);
    await runAll(values.again ? cells : cells.filter((cell) => !isPassed(results, cell)), results);
  }
  // Some cells are no page: it is written when all were run, or when it is asked for.
  if (values.report || values.only === undefined) writeFileSync(PAGE, renderReport(FOLDER));
}

async function measureResolver(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const result = await runResolver(FOLDER);
  writeFileSync(join(FOLDER, "resolver.json"), JSON.stringify(result, null, 2));
  const failures = resolverFailures(result);
  const verdict =
    failures.length === 0 ? "It delays neither another output, nor health, nor the end." : failures.join("; ");
  process.stdout.write(`${renderResolver(result)}\n${verdict}\n`);
  if (failures.length > 0) process.exitCode = 1;
}

/** Starts cells as far as the machine has room for them. */
async function runAll(cells: readonly Cell[], results: string): Promise<void> {
  const running = new Set<Promise<void>>();
  const waiting = [...cells];
  let used = 0;
  let done = 0;
  const startedMs = performance.now();
  while (waiting.length > 0) {
    const next = waiting.findIndex((cell) => used + weightOf(cell) <= CAPACITY);
    if (next < 0) {
      await Promise.race(running);
      continue;
    }
    const [cell] = waiting.splice(next, 1) as [Cell];
    used += weightOf(cell);
    const run = runOne(cell, results).then((line) => {
      running.delete(run);
      used -= weightOf(cell);
      done++;
      const minutes = ((performance.now() - startedMs) / 60_000).toFixed(1);
      process.stderr.write(`${minutes} min ${done}/${cells.length} ${line}\n`);
    });
    running.add(run);
    // Not all at one moment.
    await sleep(500);
  }
  await Promise.all(running);
}

async function runOne(cell: Cell, results: string): Promise<string> {
  const name = cellName(cell);
  try {
    const result = await runCell(cell, FOLDER);
    writeFileSync(join(results, `${name}.json`), JSON.stringify(result, null, 2));
    return `${name}: ${result.failures.length === 0 ? "passed" : `FAILED: ${result.failures.join("; ")}`}`;
  } catch (error) {
    return `${name}: FAILED to run: ${(error as Error).message}`;
  }
}

function isPassed(results: string, cell: Cell): boolean {
  const path = join(results, `${cellName(cell)}.json`);
  if (!existsSync(path)) return false;
  const result = JSON.parse(readFileSync(path, "utf8")) as CellResult;
  return result.failures.length === 0 && result.cell.seconds >= cell.seconds;
}

await main();
