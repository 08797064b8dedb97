import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { runLiveNode, runSilentNode, startLiveNode } from "./live.ts";
import { generateTree } from "./tree.ts";

const USAGE = `usage: node bench/generate/main.ts --out DIR [options]

Writes the logs of a Kubernetes node below DIR (DIR/var/log/containers, DIR/var/log/pods).

  --pods N             containers, one a pod (30)
  --lines N            lines of all pods together (100000)
  --bytes SIZE         instead of --lines: about so much, as 500M or 10G
  --sizes even|zipf    how the pods share the lines (even)
  --seed N             the same seed gives the same bytes (1)
  --start TIME         time of the first line, RFC 3339 (so that the last line is written now)
  --rate N             lines per second of event time (10000)
  --hard               partial lines, both streams mixed, invalid UTF-8, a 1 MB line, CRLF, torn ends
  --file-bytes SIZE    rotate at this size (one file a container; with --live 10M)
  --loud SIZE          with --live: the last pod writes so many bytes a second, the others --rate
  --quiet SECONDS      with --live: one line each, silence for so long, then one more each until the end
  --live SECONDS       append in real time at --rate, with the kubelet's rotation, instead of writing a backlog
`;

main(process.argv.slice(2));

function main(args: string[]): void {
  try {
    run(args);
  } catch (error) {
    process.stderr.write(`generate: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

function run(args: string[]): void {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const { values } = parseArgs({
    args,
    options: {
      out: text,
      pods: text,
      lines: text,
      bytes: text,
      sizes: text,
      seed: text,
      start: text,
      rate: text,
      hard: flag,
      "file-bytes": text,
      live: text,
      loud: text,
      quiet: text,
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help || values.out === undefined) {
    process.stdout.write(USAGE);
    if (!values.help) process.exitCode = 2;
    return;
  }
  const root = resolve(values.out);
  mkdirSync(root, { recursive: true });
  const linesPerSecond = size("--rate", values.rate ?? "10000");
  const amount =
    values.bytes === undefined
      ? { lines: size("--lines", values.lines ?? "100000") }
      : { bytes: size("--bytes", values.bytes) };
  const durationMs = (("lines" in amount ? amount.lines : amount.bytes / 265) / linesPerSecond) * 1000;
  const common = {
    root,
    pods: size("--pods", values.pods ?? "30"),
    sizes: values.sizes === "zipf" ? ("zipf" as const) : ("even" as const),
    seed: size("--seed", values.seed ?? "1"),
    linesPerSecond,
    hard: values.hard === true,
  };
  const fileBytesMax = values["file-bytes"] === undefined ? null : size("--file-bytes", values["file-bytes"]);
  if (values.live !== undefined) {
    const loudBytesPerSecond = size("--loud", values.loud ?? "0");
    const node = startLiveNode({
      ...common,
      loudBytesPerSecond,
      startMs: Date.now(),
      ...(fileBytesMax === null ? {} : { fileBytesMax }),
    });
    const liveMs = size("--live", values.live) * 1000;
    const running =
      values.quiet === undefined
        ? runLiveNode(node, AbortSignal.timeout(liveMs))
        : runSilentNode(node, { silentMs: size("--quiet", values.quiet) * 1000, liveMs });
    void running.then(() => {
      node.end();
      const lines = node.containers.reduce((sum, { sequence }) => sum + sequence, 0);
      process.stdout.write(`${root}: ${lines} lines\n`);
    });
    return;
  }
  const startMs = values.start === undefined ? Date.now() - durationMs : Date.parse(values.start);
  if (Number.isNaN(startMs)) throw new Error(`read --start ${values.start}: give a time as 2026-01-31T08:00:00Z`);
  const beganMs = performance.now();
  const tree = generateTree({ ...common, amount, startMs, fileBytesMax });
  const seconds = (performance.now() - beganMs) / 1000;
  const lines = tree.lines.reduce((sum, count) => sum + count, 0);
  const megabytes = tree.bytes / 1e6;
  process.stdout.write(
    `${root}: ${lines} lines, ${megabytes.toFixed(1)} MB, ${(megabytes / seconds).toFixed(0)} MB/s\n`,
  );
}

/** A whole number, with Fluent Bit's K, M, G (decimal thousands are not meant: 1K is 1024). */
function size(option: string, text: string): number {
  const matched = /^(\d+)([KMG]?)$/i.exec(text);
  if (!matched) throw new Error(`read ${option} ${text}: give a whole number, as 500 or 10M`);
  return (
    Number(matched[1]) *
    { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 }[matched[2]!.toUpperCase() as "" | "K" | "M" | "G"]
  );
}
