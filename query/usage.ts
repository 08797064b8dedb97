/** What `logq --help` prints: one screen. */
export const USAGE = `Usage: logq [options] "<query>"    SQL over your logs; FROM may be left out
       logq [options] -p 'nginx*'  scope flags alone: all rows in scope
       logq [options] -            the query comes from stdin

  logq "select * where pod='nginx'"
  logq --since 1h --level warn+ -g timeout
  logq "select workload, count(*) where level='error' group by 1"

Time    --since 15m|1h|2d|1w   --from T   --to T (exclusive)   --all-time
        T: 2026-11-21T05:00:00Z, '2026-11-21 05:00', 2026-11-21, 05:00, now
        -z, --tz ZONE  of T and the output: Asia/Shanghai, +08:00, local (UTC)
        Default: what the query itself says of ts, else everything.
Scope   -n, --namespace NS   -w, --workload W   -p, --pod P   -c, --container C
        Names may be globs and comma lists.   --cluster C[,C]|all (all)
        -l, --label key=value   --level warn+ | error,fatal
        -g, --grep RE   -i, --ignore-case
Output  -o, --output log|table|json|ndjson|csv|tsv|logfmt|raw|md
        Default: log for rows, table for aggregates; in a pipe ndjson.
        --limit N|all (1000, the newest)   --fields a,b   --param name=value
        --color auto|always|never   -q, --quiet  say nothing but errors
        --stats  say rows, window, objects and time off a terminal too
        --exit-status  exit 1 if there are no rows
Plan    --explain  print the SQL that would run
        --dry-run  print what would be read
        -e, --engine auto|local  local: all of DuckDB's SQL, not only Athena's
Store   --store DIR  what logq-agent writes to. Remembered on a terminal in
        ~/.config/logq/config.json; LOGQ_STORE goes before what is remembered.
        -h, --help   -V, --version

Exit: 0 ok, 1 no rows (--exit-status), 2 usage or query, 4 store or engine,
130 interrupted
`;
