import { conditionOf } from "./condition.ts";
import { textOf, type Field } from "./row.ts";

/** Whether a row says where it stands in its file. */
export function hasPlace(fields: readonly Field[]): boolean {
  return ["file", "pos", "ts"].every((name) => textOf(fields, name) !== null);
}

/** The arguments of `logq` for a row and so many around it. */
export function contextArgs(fields: readonly Field[], rows: number, zone: string): string[] {
  const field = (name: string): Field => fields.find((candidate) => candidate.name === name)!;
  const ms = Date.parse(field("ts").text);
  const [from, to] = [new Date(ms - 1000).toISOString(), new Date(ms + 1000).toISOString()];
  const place = ["file", "pos"].map((name) => conditionOf(name, field(name), "with")).join(" and ");
  const cluster = fields.find(({ name, kind }) => name === "cluster" && kind === "string");
  return [
    "-C",
    String(rows),
    "--from",
    from,
    "--to",
    to,
    ...(zone === "UTC" ? [] : ["--tz", zone]),
    ...(cluster === undefined ? [] : [`--cluster=${cluster.text}`]),
    `select * where ${place}`,
  ];
}
