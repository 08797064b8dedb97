type Stream = "stdout" | "stderr";

/** `fluentbit.io/exclude[_<stream>][-<container>]`, as Fluent Bit's kubernetes filter reads it. */
const EXCLUDE = /^fluentbit\.io\/exclude(?:_(?<stream>stdout|stderr))?(?:-(?<container>.+))?$/;
const STREAMS = ["stdout", "stderr"] as const;

/**
 * The streams of a container that its pod's annotations ask not to be shipped. One that names the container goes before one
 * for the whole pod; of several for the pod the first holds, of several for the container the last, as with Fluent Bit.
 */
export function excludedStreams(annotations: Readonly<Record<string, string>> | null, container: string): Stream[] {
  const ofPod = new Map<string, string>();
  const ofContainer = new Map<string, string>();
  for (const [key, value] of Object.entries(annotations ?? {})) {
    const { groups } = EXCLUDE.exec(key) ?? {};
    if (groups === undefined || (groups["container"] !== undefined && groups["container"] !== container)) continue;
    for (const stream of groups["stream"] === undefined ? STREAMS : [groups["stream"]]) {
      if (groups["container"] !== undefined) ofContainer.set(stream, value);
      else if (!ofPod.has(stream)) ofPod.set(stream, value);
    }
  }
  return STREAMS.filter((stream) => TRUE.has((ofContainer.get(stream) ?? ofPod.get(stream) ?? "").toLowerCase()));
}

/** What Fluent Bit takes for yes. */
const TRUE = new Set(["true", "on", "yes"]);
