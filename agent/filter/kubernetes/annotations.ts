type Stream = "stdout" | "stderr";
type Annotations = Readonly<Record<string, string>> | null;

const STREAMS = ["stdout", "stderr"] as const;

/** The streams of a container that its pod's annotations `fluentbit.io/exclude…` ask not to be shipped. */
export function excludedStreams(annotations: Annotations, container: string): Stream[] {
  const said = wordsOfStreams("exclude", annotations, container);
  return STREAMS.filter((stream) => TRUE.has(said.get(stream)?.toLowerCase() ?? ""));
}

/** The parsers that its annotations `fluentbit.io/parser…` name for the streams of a container; null if they name none. */
export function suggestedParsers(
  annotations: Annotations,
  container: string,
): Readonly<Partial<Record<Stream, string>>> | null {
  const said = wordsOfStreams("parser", annotations, container);
  return said.size === 0 ? null : Object.fromEntries(said);
}

/** `fluentbit.io/<word>[_<stream>][-<container>]`, as Fluent Bit's kubernetes filter reads it. */
const FORMS = { exclude: annotationOf("exclude"), parser: annotationOf("parser") };

function annotationOf(word: string): RegExp {
  return new RegExp(`^fluentbit\\.io/${word}(?:_(?<stream>stdout|stderr))?(?:-(?<container>.+))?$`);
}

/**
 * What annotations say of each stream of a container. One that names the container goes before one for the whole pod; of
 * several for the pod the first holds, of several for the container the last, as with Fluent Bit.
 */
function wordsOfStreams(word: keyof typeof FORMS, annotations: Annotations, container: string): Map<Stream, string> {
  const ofPod = new Map<Stream, string>();
  const ofContainer = new Map<Stream, string>();
  for (const [key, value] of Object.entries(annotations ?? {})) {
    const { groups } = FORMS[word].exec(key) ?? {};
    if (groups === undefined || (groups["container"] !== undefined && groups["container"] !== container)) continue;
    for (const stream of groups["stream"] === undefined ? STREAMS : [groups["stream"] as Stream]) {
      if (groups["container"] !== undefined) ofContainer.set(stream, value);
      else if (!ofPod.has(stream)) ofPod.set(stream, value);
    }
  }
  return new Map([...ofPod, ...ofContainer]);
}

/** What Fluent Bit takes for yes. */
const TRUE = new Set(["true", "on", "yes"]);
