/** Trino's HTTP protocol (its developer guide, "Trino REST API"), with values as the texts that Athena's results hold. */

export interface TrinoAnswer {
  readonly columns: readonly { readonly name: string; /** `timestamp(3) with time zone`. */ readonly type: string }[];
  readonly rows: readonly (readonly (string | null)[])[];
}

/** What Trino says of a statement that it refuses, or that fails. */
export class TrinoError extends Error {
  override readonly name = "TrinoError";
  /** `SYNTAX_ERROR`, `DIVISION_BY_ZERO`. */
  readonly code: string;
  /** Both from 1; null if it is about no place. */
  readonly at: { readonly line: number; readonly column: number } | null;
  constructor(message: string, code: string, at: TrinoError["at"]) {
    super(message);
    this.code = code;
    this.at = at;
  }
}

/**
 * Runs a statement to its end. Throws TrinoError; times are in UTC. Lists, maps and rows have no text on Athena that could
 * be read back, so that they are a mistake of the dialect, or JSON where they are expected.
 */
export async function trinoQuery(
  url: string,
  sql: string,
  nested: "refused" | "json" = "refused",
): Promise<TrinoAnswer> {
  const capabilities = "PARAMETRIC_DATETIME";
  const headers = { "x-trino-user": "test", "x-trino-time-zone": "UTC", "x-trino-client-capabilities": capabilities };
  let columns: TrinoAnswer["columns"] = [];
  const rows: (string | null)[][] = [];
  let page = await pageOf(`${url}/v1/statement`, { method: "POST", body: sql, headers });
  for (;;) {
    if (page.error !== undefined) {
      const { message, errorName, errorLocation } = page.error;
      const at = errorLocation && {
        line: Number(errorLocation.lineNumber.digits),
        column: Number(errorLocation.columnNumber.digits),
      };
      throw new TrinoError(message, errorName, at ?? null);
    }
    columns = page.columns?.map(({ name, type }) => ({ name, type })) ?? columns;
    for (const row of page.data ?? []) rows.push(row.map((value, i) => textOf(value, columns[i]!.type, nested)));
    if (page.nextUri === undefined) return { columns, rows };
    page = await pageOf(page.nextUri, { headers });
  }
}

interface Page {
  readonly nextUri?: string;
  readonly columns?: readonly { readonly name: string; readonly type: string }[];
  readonly data?: readonly (readonly unknown[])[];
  readonly error?: {
    readonly message: string;
    readonly errorName: string;
    readonly errorLocation?: { readonly lineNumber: Digits; readonly columnNumber: Digits };
  };
}

/** A number of JSON, as its digits: 64 bits do not fit into a double. */
interface Digits {
  readonly digits: string;
}

async function pageOf(uri: string, init: RequestInit): Promise<Page> {
  const answer = await fetch(uri, init);
  if (!answer.ok) throw new Error(`ask Trino: ${answer.status} ${await answer.text()}`);
  const text = await answer.text();
  return JSON.parse(text, (_, value: unknown, context?: { source: string }) => {
    return typeof value === "number" ? { digits: context!.source } : value;
  }) as Page;
}

function textOf(value: unknown, type: string, nested: "refused" | "json"): string | null {
  if (value === null) return null;
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  if (isDigits(value)) return value.digits;
  if (nested === "json")
    return JSON.stringify(value, (_, part: unknown) => (isDigits(part) ? Number(part.digits) : part));
  throw new Error(`a result of type ${type} should have been cast to JSON: ${JSON.stringify(value)}`);
}

function isDigits(value: unknown): value is Digits {
  return typeof value === "object" && value !== null && "digits" in value;
}
