import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ask } from "./ask.ts";
import type { Folder } from "./project.ts";

export interface Shipped {
  readonly records: number;
  readonly pods: number;
  readonly objects: number;
  readonly bytes: number;
}

/** What is in the store now: objects and bytes as listed, records as logq counts them. */
export async function countShipped(folder: Folder): Promise<Shipped> {
  const objects = readdirSync(folder.store, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".parquet"),
  );
  if (objects.length === 0) return { records: 0, pods: 0, objects: 0, bytes: 0 };
  const bytes = objects.reduce((sum, name) => sum + statSync(join(folder.store, name)).size, 0);
  const [row] = await ask<{ records: number; pods: number }>(
    folder,
    "select count(*) as records, count(distinct pod) as pods",
  );
  return { records: row?.records ?? 0, pods: row?.pods ?? 0, objects: objects.length, bytes };
}

export function renderShipped({ records, pods, objects, bytes }: Shipped): string {
  const from = pods > 0 ? ` of ${plural(pods, "pod")}` : "";
  return `shipped ${plural(records, "record")}${from} in ${plural(objects, "object")}, ${megabytes(bytes)}`;
}

/** `1 file`, `2,000 files`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

export function count(value: number): string {
  return value.toLocaleString("en");
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
