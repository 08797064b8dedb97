/** What of V8's profile is read (https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile). */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
    readonly children?: readonly number[];
  }[];
  /** Ids of nodes, and microseconds since the sample before. */
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** A function as it was called from the one above. */
export interface Flame {
  readonly name: string;
  /** Which part of the program it is: a folder of the tree, `node`, or `garbage collection`. */
  readonly area: string;
  /** In it and in what it called. */
  readonly microseconds: number;
  /** The longest first. */
  readonly children: readonly Flame[];
}

/** Idle time, and Node's loader: the agent's bundle is loaded from compiled code, not from these sources. */
const LEFT_OUT =
  /^(\(idle\)|\(root\)|#?getOrCreateModuleJob|ModuleJob|importModuleDynamically|traceSync|tracePromise|executeUserEntryPoint)/;

/** The time that was not idle, and not spent loading modules, as a tree. `root`: the folder that areas are below; its first `depth` folders name them. */
export function flamesOf(profile: CpuProfile, root: string, depth = 2): Flame {
  const own = new Map<number, number>();
  for (const [i, id] of profile.samples.entries())
    own.set(id, (own.get(id) ?? 0) + Math.max(0, profile.timeDeltas[i]!));
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  const flameOf = (ids: readonly number[]): Flame[] => {
    const nodes = ids.map((id) => byId.get(id)!).filter(({ callFrame }) => !LEFT_OUT.test(callFrame.functionName));
    const alike = Map.groupBy(nodes, ({ callFrame }) => `${callFrame.functionName} ${callFrame.url}`);
    const flames = [...alike.values()].map((same): Flame => {
      const { functionName, url } = same[0]!.callFrame;
      const children = flameOf(same.flatMap((node) => node.children ?? []));
      const called = children.reduce((sum, child) => sum + child.microseconds, 0);
      const microseconds = called + same.reduce((sum, { id }) => sum + (own.get(id) ?? 0), 0);
      const area = areaOf(functionName, url, root, depth);
      return { name: functionName || "(anonymous)", area, microseconds, children };
    });
    return flames.filter(({ microseconds }) => microseconds > 0).toSorted((a, b) => b.microseconds - a.microseconds);
  };
  const start = profile.nodes.find(({ callFrame }) => callFrame.functionName === "(root)") ?? profile.nodes[0]!;
  const children = flameOf(start.children ?? []);
  const microseconds = children.reduce((sum, child) => sum + child.microseconds, 0);
  return { name: "all", area: "node", microseconds, children };
}

/** Without Node's own functions that do little but call the program's, as those that resume what awaited. */
export function withoutCarriers(flame: Flame): Flame {
  const children = flame.children
    .map(withoutCarriers)
    .flatMap((child) => (isCarrier(child) ? child.children : [child]))
    .toSorted((a, b) => b.microseconds - a.microseconds);
  return { ...flame, children };
}

function isCarrier({ area, microseconds, children }: Flame): boolean {
  const carried = children.reduce((sum, child) => sum + (child.area === "node" ? 0 : child.microseconds), 0);
  return area === "node" && carried > microseconds / 2;
}

function areaOf(name: string, url: string, root: string, depth: number): string {
  if (name === "(garbage collector)") return "garbage collection";
  const at = url.indexOf(root);
  if (at < 0 || url.includes("node_modules")) return url.includes("node_modules") ? "packages" : "node";
  const folders = url
    .slice(at + root.length)
    .split("/")
    .slice(0, -1);
  return folders.slice(0, depth).join("/");
}
