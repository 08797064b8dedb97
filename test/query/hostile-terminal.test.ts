import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { tempFolder } from "../agent/fixture.ts";
import { STORE_NOW_NS, writeRows } from "../helpers/store.ts";
import { runLogq } from "./run-logq.ts";

/** Clears the screen, sets the title, makes a link (OSC 8), the same by C1, turns the text around, and ends a line. */
const EVIL = "\u001b[2J\u001b]0;t\u0007\u001b]8;;evil\u001b\\x\u009b31m\u202egnp\u2066\u061c\u2028\rover\b\u007f";
const AT_NS = STORE_NOW_NS - 600_000_000_000n;
let store: string;

beforeAll(async () => {
  const folder = tempFolder();
  store = folder.path;
  const row = (n: number, changes: object) => ({
    tsNs: AT_NS + BigInt(n),
    source: "application",
    node: "n\u001b]8;;x\u0007\u202e",
    log: `m ${EVIL}`,
    file: `f${EVIL}`,
    pos: n,
    ...changes,
  });
  const names = { namespace: EVIL, workload: EVIL, pod: EVIL, container: EVIL, level: EVIL, stream: EVIL, image: EVIL };
  await writeRows(
    store,
    [
      row(1, names),
      row(2, { ...names, labels: { [`k${EVIL}`]: EVIL } }),
      row(3, { log: JSON.stringify({ [EVIL]: EVIL, a: EVIL }) }),
    ],
    EVIL,
  );
  // Objects and folders that somebody else put there: broken ones, under names that are no node's.
  for (const cluster of [`cluster=${EVIL}`, "cluster=x"]) {
    const hour = join(store, cluster, "dt=2026-03-02/hour=02");
    mkdirSync(hour, { recursive: true });
    writeFileSync(join(hour, `${EVIL}-00112233445566778899-o-1.parquet`), "PAR1 no Parquet");
  }
  return () => folder[Symbol.dispose]();
});

const FORMATS = ["log", "table", "json", "ndjson", "csv", "tsv", "logfmt", "raw", "md"];

test.each([
  ...FORMATS.map((format) => ["select *", "-o", format]),
  ["select pod, labels, log from logs", "-o", "table", "--color", "always"],
  ["select *", "-o", "log", "--color", "always"],
  [`select ${EVIL}`],
  [`pod='${EVIL}'`],
  [`pod='${EVIL}' and log like 'nothing'`],
  ["select log.a from logs"],
  ["select * from logs where log.nothing.x = 1"],
  ["-p", `${EVIL}*`],
  ["-g", `${EVIL}(`],
  ["--fields", EVIL, "select *"],
  ["-o", EVIL],
  ["--since", EVIL, "select 1"],
  ["--zone", EVIL, "select 1"],
  ["--cluster", EVIL, "select *"],
  ["--param", `x=${EVIL}`, "select $y"],
  ["--explain", `log='${EVIL}'`],
  ["--dry-run", "select *"],
  ["--estimate", "select *"],
  ["@" + EVIL.replaceAll(/\s/g, "")],
  ["-A", "1", "-g", "m"],
  ["values", "pod"],
  ["values", "labels"],
  ["values", EVIL],
  ["hist"],
  ["hist", "--by", "pod", "--color", "always"],
  ["hist", "--by", EVIL],
  ["schema"],
  ["doctor", "--all-time"],
  ["doctor", "-o", "table", "--all-time"],
  ["completion", EVIL],
  ["completion", "values", "pod"],
  ["completion", "values", "cluster"],
  ["cancel", EVIL],
  ["saved", EVIL],
  ["history"],
  ["ddl", EVIL],
])("nothing of the store and of the command line controls the terminal: %j", async (...argv: string[]) => {
  const isNamed = ["saved", "history", "cancel"].includes(argv[0]!) || argv.includes("--cluster");
  const given = [...argv, ...(isNamed ? [] : ["--cluster", "all", "--store", store])];
  const { stdout, stderr } = await runLogq(given, { terminal: "both", env: { LOGQ_STORE: store } });
  for (const text of [stdout, stderr]) {
    // What logq itself says: colours, and taking away the line of progress.
    // oxlint-disable-next-line no-control-regex -- these must not be there
    const rest = text.replaceAll(/\u001b\[(\d+(;\d+)*)?m|\r?\u001b\[2K/g, "");
    // oxlint-disable-next-line no-control-regex -- nor these
    expect(rest).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f]/);
  }
  // Completion has nothing to propose where all names are hostile.
  expect(stdout + stderr === "").toBe(argv[0] === "completion" && argv[1] === "values");
});
