/** What `npm run kills` came to. */
export interface KillsResult {
  readonly at: string;
  /** Agents, each with a node and stores of its own. */
  readonly beds: number;
  readonly lines: number;
  readonly rotations: number;
  /** By window. */
  readonly kills: Readonly<Record<string, number>>;
  readonly outputs: Readonly<
    Record<string, { readonly lost: number; readonly duplicated: number; readonly different: number }>
  >;
  /** Of every start after a kill: until the first new shipment was read and sealed. */
  readonly resumedMs: readonly number[];
}

/** The page's section on kills. */
export function renderKills(result: KillsResult | null): string {
  if (result === null) return "";
  const windows = Object.entries(result.kills);
  const total = windows.reduce((sum, [, count]) => sum + count, 0);
  const stores = Object.entries(result.outputs).map(
    ([name, found]) => `| ${name} | ${found.lost} | ${found.duplicated} | ${found.different} |`,
  );
  return `## ${total} kills

\`kill -9\` during live rotation, in every window between two steps (\`agent/probe.ts\`), one after the other in each of ${result.beds} state folders:
${result.lines.toLocaleString("en-US")} lines, ${result.rotations} rotations; ${result.at.slice(0, 10)}.

| ${windows.map(([name]) => name).join(" | ")} |
| ${windows.map(() => "---").join(" | ")} |
| ${windows.map(([, count]) => count).join(" | ")} |

| store | lost | duplicated | different |
| --- | --- | --- | --- |
${stores.join("\n")}

From the start of the process until recovery was finished and the first new shipment was read and sealed:

| within | restarts |
| --- | --- |
${histogram(result.resumedMs).join("\n")}

The longest: ${Math.max(...result.resumedMs).toFixed(0)} ms.
`;
}

const BOUNDS_MS = [250, 500, 750, 1000, 1500, 2000, 3000, 5000, 10_000];

function histogram(values: readonly number[]): string[] {
  let below = 0;
  return BOUNDS_MS.flatMap((bound) => {
    const count = values.filter((value) => value < bound).length - below;
    below += count;
    return count === 0 ? [] : [`| ${bound} ms | ${count} |`];
  });
}
