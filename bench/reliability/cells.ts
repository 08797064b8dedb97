import type { WriterAction } from "./writer.ts";

export const RATES = [1, 10, 30] as const;
export const MODES = ["links", "fallback"] as const;

/** What is done to the agent, the store or the node's clock while the containers write; the others are the writer's. */
export type AgentFault = "kill -9" | "SIGTERM" | "SIGHUP" | "disk full" | "clock jump" | StoreFault;
export type StoreFault = "503" | "timeout" | "reset after stored" | "slow body";
export type Fault = WriterAction | AgentFault;

export const FAULTS: readonly Fault[] = [
  "partial writes",
  "rotate bursts",
  "gzip",
  "delete pod",
  "truncate",
  "symlink swap",
  "pod churn",
  "kill -9",
  "SIGTERM",
  "SIGHUP",
  "503",
  "timeout",
  "reset after stored",
  "slow body",
  "disk full",
  "clock jump",
];

/** One run: containers write `rate` MB/s for `seconds` and rotate, while a fault happens again and again. */
export interface Cell {
  readonly rate: number;
  readonly fault: Fault;
  /** `fallback`: `links: off`, files are held by descriptors alone. */
  readonly mode: (typeof MODES)[number];
  readonly seconds: number;
}

/** Every cell, or those that `only` allows (`rate=1,fault=kill -9,mode=links`; values of one key with `|`). */
export function listCells(seconds: number, only: string | undefined): Cell[] {
  const cells: Cell[] = [];
  // The large ones first: the small ones fill the gaps.
  for (const rate of RATES.toReversed())
    for (const fault of FAULTS) for (const mode of MODES) cells.push({ rate, fault, mode, seconds });
  const wanted = (only ?? "").split(",").filter((part) => part !== "");
  return cells.filter((cell) => wanted.every((part) => isWanted(cell, part)));
}

export function cellName({ rate, fault, mode }: Cell): string {
  return `${rate}-${fault.replaceAll(" ", "-")}-${mode}`;
}

export function isWriterAction(fault: Fault): fault is WriterAction {
  return FAULTS.indexOf(fault) < FAULTS.indexOf("kill -9");
}

export function isStoreFault(fault: Fault): fault is StoreFault {
  return fault === "503" || fault === "timeout" || fault === "reset after stored" || fault === "slow body";
}

/**
 * How much of the machine a cell takes, of CAPACITY in all. A cell has four containers; at 30 MB/s the writer, two
 * outputs, the store and gzip take about two thirds of a core.
 */
export function weightOf(cell: Cell): number {
  return { 1: 8, 10: 15, 30: 30 }[cell.rate] ?? 30;
}

export const CAPACITY = 60;

function isWanted(cell: Cell, part: string): boolean {
  const [key = "", values = ""] = part.split("=");
  if (!["rate", "fault", "mode"].includes(key) || values === "")
    throw new Error(`cannot choose cells by ${JSON.stringify(part)}: it must be rate=, fault= or mode= and a value`);
  return values.split("|").includes(String(cell[key as "rate" | "fault" | "mode"]));
}
