/** What people look for in a line of a log. */
const DEFAULT = ["ts", "level", "pod", "log"];

/**
 * The columns of the list: those that were chosen, as far as the result has them; else four of the table's own, or all that
 * the query names itself. `result` is null until the server said which there are.
 */
export function columnsOf(result: readonly string[] | null, chosen: readonly string[] | null): readonly string[] {
  if (result === null) return chosen ?? DEFAULT;
  const known = (chosen ?? []).filter((name) => {
    const root = /^(log|labels)[.[]/.exec(name)?.[1];
    return result.includes(name) || (root !== undefined && result.includes(root));
  });
  if (known.length > 0) return known;
  const isWhole = DEFAULT.every((name) => result.includes(name)) && result.length > 2 * DEFAULT.length;
  return isWhole ? DEFAULT : result;
}

/** A new column goes before the message, which takes the rest of the line. */
export function withColumn(columns: readonly string[], column: string): string[] {
  const at = columns.indexOf("log");
  return at < 0 ? [...columns, column] : [...columns.slice(0, at), column, ...columns.slice(at)];
}
