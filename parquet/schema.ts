import { COLUMNS, type TableColumn } from "../config/table.ts";
import { CONVERTED, PHYSICAL, REPETITION } from "./format.ts";
import { THRIFT, type ThriftWriter } from "./thrift.ts";

/** A primitive column of the file. */
export interface Leaf {
  readonly path: readonly string[];
  readonly type: (typeof PHYSICAL)[keyof typeof PHYSICAL];
  /** Level of a value that is there; lower levels say what is missing. */
  readonly definitionMax: number;
  readonly repetitionMax: number;
}

/** The primitive columns of one column of the table: two for a map, else one. */
export function leavesOf(column: TableColumn): readonly Leaf[] {
  const optional = column.nullable ? 1 : 0;
  if (column.type === "map(varchar,varchar)") {
    const entry = { type: PHYSICAL.byteArray, repetitionMax: 1 };
    return [
      { ...entry, path: [column.name, "key_value", "key"], definitionMax: optional + 1 },
      { ...entry, path: [column.name, "key_value", "value"], definitionMax: optional + 2 },
    ];
  }
  const type = column.type === "varchar" ? PHYSICAL.byteArray : PHYSICAL.int64;
  return [{ path: [column.name], type, definitionMax: optional, repetitionMax: 0 }];
}

/** Writes field 2 of FileMetaData: the schema tree, depth first, derived from the table. */
export function writeSchema(thrift: ThriftWriter, field: number): void {
  const elements = COLUMNS.reduce((sum, column) => sum + (column.type === "map(varchar,varchar)" ? 4 : 1), 1);
  thrift.list(field, THRIFT.struct, elements);
  group(thrift, "logs", COLUMNS.length, null);
  for (const column of COLUMNS) writeColumn(thrift, column);
}

function writeColumn(thrift: ThriftWriter, column: TableColumn): void {
  const repetition = column.nullable ? REPETITION.optional : REPETITION.required;
  switch (column.type) {
    case "timestamp":
      return primitive(thrift, PHYSICAL.int64, repetition, column.name, CONVERTED.timestampMillis, () => {
        thrift.struct(8, () => {
          thrift.bool(1, true); // isAdjustedToUTC
          thrift.struct(2, () => thrift.struct(1, () => {})); // unit: MILLIS
        });
      });
    case "bigint":
      return primitive(thrift, PHYSICAL.int64, repetition, column.name, null, null);
    case "varchar":
      return text(thrift, repetition, column.name);
    case "map(varchar,varchar)":
      group(thrift, column.name, 1, repetition, CONVERTED.map);
      group(thrift, "key_value", 2, REPETITION.repeated);
      text(thrift, REPETITION.required, "key");
      text(thrift, REPETITION.optional, "value");
  }
}

function group(thrift: ThriftWriter, name: string, children: number, repetition: number | null, map?: number): void {
  thrift.structElement(() => {
    if (repetition !== null) thrift.i32(3, repetition);
    thrift.binary(4, name);
    thrift.i32(5, children);
    if (map === undefined) return;
    thrift.i32(6, map);
    thrift.struct(10, () => thrift.struct(2, () => {}));
  });
}

function text(thrift: ThriftWriter, repetition: number, name: string): void {
  primitive(thrift, PHYSICAL.byteArray, repetition, name, CONVERTED.utf8, () => thrift.struct(1, () => {}));
}

function primitive(
  thrift: ThriftWriter,
  type: number,
  repetition: number,
  name: string,
  converted: number | null,
  logical: (() => void) | null,
): void {
  thrift.structElement(() => {
    thrift.i32(1, type);
    thrift.i32(3, repetition);
    thrift.binary(4, name);
    if (converted !== null) thrift.i32(6, converted);
    if (logical !== null) thrift.struct(10, logical);
  });
}
