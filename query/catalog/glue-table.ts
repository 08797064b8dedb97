/** The stored table in the words of AWS Glue's API, and what of a table that is there already differs from it. */
import type { Column, Table, TableInput } from "@aws-sdk/client-glue";
import type { HiveColumn, HiveTable } from "./hive-table.ts";

export interface GlueColumn {
  readonly Name: string;
  readonly Type: string;
  readonly Comment: string;
}

/** What Glue's CreateTable takes. Source: Glue's API reference, "TableInput". */
export function glueTableInput({ table, description, columns, partitions, location, format, properties }: HiveTable) {
  return {
    Name: table,
    Description: description,
    TableType: "EXTERNAL_TABLE",
    Parameters: { EXTERNAL: "TRUE", ...properties },
    PartitionKeys: partitions.map(glueColumn),
    StorageDescriptor: {
      Columns: columns.map(glueColumn),
      Location: location,
      InputFormat: format.input,
      OutputFormat: format.output,
      SerdeInfo: { SerializationLibrary: format.serde, Parameters: { ...format.parameters } },
    },
  } satisfies TableInput;
}

/** One thing in which a table differs from the definition; null: there is none. */
export interface Drift {
  /** `column cut`, `projection.dt.range`, `location`. */
  readonly what: string;
  readonly is: string | null;
  readonly wanted: string | null;
}

/**
 * What queries would notice: columns and their types, partitions, location, format and projection. Comments, further
 * columns (a newer agent's, which an older logq must not take away) and further properties do not count.
 */
export function driftOf(found: Table, wanted: HiveTable): Drift[] {
  const input = glueTableInput(wanted);
  const storage = found.StorageDescriptor ?? {};
  const differences = [
    ...columnDrift("column", storage.Columns ?? [], wanted.columns),
    difference("partitions", partitionText(found.PartitionKeys ?? []), partitionText(input.PartitionKeys)),
    difference("location", slashed(storage.Location), wanted.location),
    difference("serde", storage.SerdeInfo?.SerializationLibrary, wanted.format.serde),
    difference("input.regex", storage.SerdeInfo?.Parameters?.["input.regex"], wanted.format.parameters["input.regex"]),
    ...propertyDrift(found.Parameters ?? {}, wanted.properties),
  ];
  return differences.filter((drift) => drift !== null);
}

/** `column cut: is not there, should be string`. */
export function driftText({ what, is, wanted }: Drift): string {
  return `${what}: ${is === null ? "is not there" : `is ${is}`}, ${wanted === null ? "should not be there" : `should be ${wanted}`}`;
}

/** What Glue's UpdateTable takes to end the drift: what else was said of the table stays. */
export function updatedTableInput(found: Table, wanted: HiveTable): TableInput {
  const input = glueTableInput(wanted);
  const names = new Set(input.StorageDescriptor.Columns.map(({ Name }) => Name));
  const further = (found.StorageDescriptor?.Columns ?? []).filter(({ Name }) => !names.has(Name ?? ""));
  const kept = Object.entries(found.Parameters ?? {}).filter(([key]) => !isProjection(key));
  return {
    ...input,
    ...(found.Description !== undefined && { Description: found.Description }),
    ...(found.Owner !== undefined && { Owner: found.Owner }),
    ...(found.Retention !== undefined && { Retention: found.Retention }),
    Parameters: { ...Object.fromEntries(kept), ...input.Parameters },
    StorageDescriptor: { ...input.StorageDescriptor, Columns: [...input.StorageDescriptor.Columns, ...further] },
  };
}

function glueColumn({ name, type, comment }: HiveColumn): GlueColumn {
  return { Name: name, Type: type, Comment: comment };
}

function columnDrift(what: string, found: readonly Column[], wanted: readonly HiveColumn[]): (Drift | null)[] {
  const types = new Map(found.map(({ Name, Type }) => [Name, typeText(Type)]));
  return wanted.map(({ name, type }) => difference(`${what} ${name}`, types.get(name), type));
}

/** How partitions are computed; of `classification` and its like a query notices nothing. */
function propertyDrift(found: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>) {
  const names = new Set([...Object.keys(found), ...Object.keys(wanted)].filter(isProjection));
  return [...names].map((name) => {
    const text = name === "storage.location.template" ? slashed : (value: string | undefined) => value?.toLowerCase();
    const isSame = text(found[name]) === text(wanted[name]);
    return isSame ? null : difference(name, found[name], wanted[name]);
  });
}

function isProjection(property: string): boolean {
  return property.startsWith("projection.") || property === "storage.location.template";
}

function difference(what: string, is: string | undefined, wanted: string | undefined): Drift | null {
  return is === wanted ? null : { what, is: is ?? null, wanted: wanted ?? null };
}

function partitionText(columns: readonly Column[]): string {
  return columns.map(({ Name, Type }) => `${Name} ${typeText(Type)}`).join(", ");
}

function typeText(type: string | undefined): string | undefined {
  return type?.toLowerCase().replaceAll(" ", "");
}

function slashed(location: string | undefined): string | undefined {
  return location?.replace(/\/*$/, "/");
}
