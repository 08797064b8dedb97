/** What a pod's annotations ask of a log agent, for one of its containers. */
export interface LogHints {
  /** Streams that are not to be shipped. */
  readonly exclude: { readonly stdout: boolean; readonly stderr: boolean };
  /** Parsers of the message, by name. */
  readonly parser: { readonly stdout: string | null; readonly stderr: string | null };
}

/** `fluentbit.io/<property>[_<stream>][-<container>]`, as Fluent Bit's kubernetes filter reads it. */
const ANNOTATION = /^fluentbit\.io\/(?<property>parser|exclude)(?:_(?<stream>stdout|stderr))?(?:-(?<container>.+))?$/;
const STREAMS = ["stdout", "stderr"] as const;

/**
 * Reads the annotations `fluentbit.io/exclude` and `fluentbit.io/parser`. One that names the container goes before one for
 * the whole pod; of several of the same kind the first holds for the pod, the last for the container, as with Fluent Bit.
 * Null if they say nothing; those of another form are ignored.
 */
export function logHints(annotations: Readonly<Record<string, string>> | null, container: string): LogHints | null {
  const found = { parser: new Map<string, string>(), exclude: new Map<string, string>() };
  for (const [key, value] of Object.entries(annotations ?? {})) {
    const { property, stream, container: named } = ANNOTATION.exec(key)?.groups ?? {};
    if (property === undefined || (named !== undefined && named !== container)) continue;
    const values = found[property as keyof typeof found];
    for (const each of stream === undefined ? STREAMS : [stream])
      if (named !== undefined || !values.has(each)) values.set(each, value);
  }
  if (found.parser.size + found.exclude.size === 0) return null;
  const isOut = (stream: string): boolean => TRUE.has(found.exclude.get(stream)?.toLowerCase() ?? "");
  return {
    exclude: { stdout: isOut("stdout"), stderr: isOut("stderr") },
    parser: { stdout: found.parser.get("stdout") ?? null, stderr: found.parser.get("stderr") ?? null },
  };
}

/** What Fluent Bit takes for yes. */
const TRUE = new Set(["true", "on", "yes"]);
