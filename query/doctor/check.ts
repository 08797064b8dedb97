/** What `logq doctor` found about one thing. */
export interface Check {
  /** What was looked at, one word or two: `bucket`, `gaps`. */
  readonly name: string;
  readonly status: "ok" | "warn" | "fail";
  /** One line. */
  readonly message: string;
  /** What to do about it; null if nothing is to be done. */
  readonly hint: string | null;
}

export function ok(name: string, message: string): Check {
  return { name, status: "ok", message, hint: null };
}

export function warn(name: string, message: string, hint: string): Check {
  return { name, status: "warn", message, hint };
}

export function fail(name: string, message: string, hint: string): Check {
  return { name, status: "fail", message, hint };
}
