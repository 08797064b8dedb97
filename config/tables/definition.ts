/**
 * A table that queries read: what the dialect, the window, the engines' scans and the docs need to know of it. `logs` is
 * one (`logs.ts`); the others are AWS's own logs beside it, and views of `logs`.
 */

export type SqlType = "timestamp" | "bigint" | "double" | "varchar" | "map(varchar,varchar)";

export interface QueryColumn {
  readonly name: string;
  readonly type: SqlType;
  /** One sentence for `logq schema` and the docs. */
  readonly meaning: string;
  /** The value in DuckDB's SQL, over what `readers` or `view` give; its name if left out. */
  readonly duckDb?: string;
  /** The value in Trino's SQL, over the stored table or what `view` gives; its name if left out. */
  readonly trino?: string;
  /** Of a text that holds JSON, whose members are named as `column.a.b`; null or left out for any other. */
  readonly json?: JsonMembers | null;
  /** Its type in Athena's table, if that is not the one that `type` is everywhere; null: not stored there. */
  readonly hive?: string | null;
}

export interface JsonMembers {
  /** Names in the spelling of the files: a member may be named in another case. */
  readonly names: readonly string[];
  /** Whether Athena stores a row, whose members have names in lower case, and not the text. */
  readonly isRow: boolean;
}

/** How files of one extension become rows: a table function of DuckDB's, and what follows its list of files. */
interface FileReader {
  /** The end of a file's name, as `query/aws-logs/` writes it. */
  readonly extension: string;
  readonly function: "read_json" | "read_csv" | "read_parquet";
  readonly options: string;
  /** Columns that some files have and others lack: NULL there. */
  readonly mayLack?: readonly string[];
}

/**
 * Where AWS puts the files of one of its services: `AWSLogs/<account>/<service>/<region>/yyyy/mm/dd/`, each named
 * `<account>_<service>_<region>_…_<time>_….<extension>`.
 */
export interface AwsLayout {
  readonly service: "CloudTrail" | "elasticloadbalancing" | "vpcflowlogs";
  /** The ends of names that are read, with their dots. */
  readonly extensions: readonly string[];
  /** What the names of other files begin or go on with, that lie beside those of the table. */
  readonly others?: RegExp;
  /** A file may come so long after an event in it. */
  readonly lateMs: number;
  /** Events may be so much later than the time that their file is named by: a minute, or the interval that begins there. */
  readonly spanMs: number;
  /** What is in a file (`query/aws-logs/convert.ts` makes of it what the readers take). */
  readonly content: "cloudtrail records" | "alb entries" | "flow records";
}

/** A table whose rows are rows of another one. */
interface View {
  readonly of: TableDefinition;
  /** Which rows: those with these values in columns of the other table. */
  readonly is: Readonly<Record<string, string>>;
  /** Columns of the other table that it takes to tell. */
  readonly reads: readonly string[];
}

interface Definition {
  readonly name: string;
  /** One sentence for the docs and `logq schema`. */
  readonly meaning: string;
  /** Without the partitions'. */
  readonly columns: readonly QueryColumn[];
  /** Texts that the place of a row gives; conditions on them leave out objects. */
  readonly partitions: readonly QueryColumn[];
  /** A condition on one of them says which time is meant. The range itself acts on `ts`. */
  readonly timeColumns: readonly string[];
  /** The order of rows: the newest by these, the first of which is a time. */
  readonly orderColumns: readonly string[];
  /** Null: objects of `logs`, or a view. */
  readonly aws: (AwsLayout & { readonly readers: readonly FileReader[] }) | null;
  readonly view: View | null;
}

export interface TableDefinition extends Definition {
  /** Columns, then partitions. */
  readonly all: readonly QueryColumn[];
  /** Their names. */
  readonly names: ReadonlySet<string>;
}

/** Completes a definition. */
export function defineTable(definition: Definition): TableDefinition {
  const all = [...definition.columns, ...definition.partitions];
  return { ...definition, all, names: new Set(all.map(({ name }) => name)) };
}

/** The table whose objects hold a table's rows: itself, or what it is a view of. */
export function storedTable(table: TableDefinition): TableDefinition {
  return table.view === null ? table : storedTable(table.view.of);
}
