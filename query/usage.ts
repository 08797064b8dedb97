import { COMMANDS } from "./commands/registry.ts";

const COMMAND_COLUMNS = 45;

/** What `logq --help` prints: one screen. */
export const USAGE = `Usage: logq [options] "<query>"    SQL over your logs; FROM may be left out
       logq [options] -p 'nginx*'  scope flags alone: all rows in scope
       logq [options] -            the query comes from stdin
       logq COMMAND [--help]       ${commandNames()}

  logq "select * where pod='nginx'"
  logq --since 1h --level warn+ -g timeout -C 3
  logq "select workload, count(*) where level='error' group by 1"

Time    --since 15m|1h|2d|1w   --from T   --to T (exclusive)   --all-time
        T: 2026-11-21T05:00:00Z, '2026-11-21 05:00', 2026-11-21, 05:00, now
        -z, --tz ZONE  of T and the output: Asia/Shanghai, +08:00, local (UTC)
        Default: what the query says of ts; else 1h, of a directory everything.
Scope   -n, --namespace NS   -w, --workload W   -p, --pod P   -c, --container C
        Names may be globs and comma lists.   --cluster C[,C]|all (all)
        -l, --label key=value   --level warn+ | error,fatal
        -g, --grep RE   -i, --ignore-case
Rows    -f, --follow  go on with what comes   --limit N|all (1000, the newest)
        -A, -B, -C N  rows after, before, around each match, of its container
        --fields a,b   --param name=value, $name in the query
Output  -o, --output log|table|json|ndjson|csv|tsv|logfmt|raw|md
        Default: log for rows, table for aggregates; in a pipe ndjson.
        --color auto|always|never   -q, --quiet  say nothing but errors
        --stats  say rows, window, objects and time off a terminal too
        --exit-status  exit 1 if there are no rows   --no-pager
Plan    --explain  print the SQL that would run
        --dry-run  print what would be read   --estimate  what it would cost
        --max-scan 10GB|off  refuse to scan more (Athena 10GB, else off)
        --reuse 10m  take Athena's answer to the same query from so long ago
        -e, --engine auto|local|athena  a named one takes all of its SQL
Store   --store DIR|s3://BUCKET/PREFIX  what logq-agent writes to. On a terminal
        remembered in ~/.config/logq/config.json; LOGQ_STORE goes before that.
        --context NAME  of that file (LOGQ_CONTEXT)   -h, --help   -V, --version

Exit: 0 ok, 1 no rows (--exit-status), 2 usage or query, 3 --max-scan,
4 store, engine or credentials, 5 throttled or timed out, 130 interrupted
`;

function commandNames(): string {
  const lines = [""];
  for (const name of Object.keys(COMMANDS)) {
    const line = `${lines.at(-1)!} ${name}`.trim();
    if (line.length > COMMAND_COLUMNS) lines.push(name);
    else lines[lines.length - 1] = line;
  }
  return lines.join(`\n${" ".repeat(80 - COMMAND_COLUMNS)}`);
}
