/** A string as an SQL literal: standard quoting, safe in DuckDB and Trino for any text. NUL has no literal: it throws. */
export function stringLiteral(text: string): string {
  if (text.includes("\0")) throw new RangeError(`quote ${JSON.stringify(text)} for SQL: a literal cannot hold NUL`);
  return `'${text.replaceAll("'", "''")}'`;
}

/** A name as a quoted SQL identifier. */
export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
