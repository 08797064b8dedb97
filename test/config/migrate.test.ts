import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { loadConfig } from "../../config/load.ts";
import { migrateConfig } from "../../config/migrate.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "logq-migrate-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

const ENV = { CLUSTER: "prod" };

test("what is printed means the same, without its files and without a needless option", () => {
  write("in.conf", "[INPUT]\n  Name tail\n  Path /var/log/a.log, /var/log/b*.log\n  Mem_Buf_Limit 5MB\n");
  write("parsers.conf", "[PARSER]\n  Name cri\n  Format regex\n  Regex ^(?<a>.)$\n");
  const file = write(
    "fluent-bit.conf",
    `@SET GRACE=9
[SERVICE]
    Flush         1
    grace         \${GRACE}
    cluster       \${CLUSTER}
    hostname      \${HOSTNAME}
    Parsers_File  parsers.conf
@INCLUDE in.conf
[OUTPUT]
    Name   stdout
    Match  *
`,
  );
  const { yaml, problems } = migrateConfig(file, ENV);
  expect(problems).toEqual([]);
  expect(yaml.replaceAll(`${folder}/`, ""))
    .toBe(`# fluent-bit.conf as logq-agent reads it. Remarks stand above what they are about.

service:
  # flush: left out, it has no effect here: each output has its upload_timeout
  # parsers_file parsers.conf: its parsers stand below
  grace: 9
  cluster: \${CLUSTER}
  hostname: \${HOSTNAME}
parsers:
  - name: cri
    format: regex
    regex: ^(?<a>.)$
pipeline:
  inputs:
    # mem_buf_limit: left out, it has no effect here: the log files are the buffer, nothing is queued in memory or copied to disk
    - name: tail
      path: /var/log/a.log, /var/log/b*.log
  outputs:
    - name: stdout
      match: "*"
`);
  const migrated = write("out.yaml", yaml);
  expect(loadConfig(migrated, ENV).config).toEqual(loadConfig(file, ENV).config);
});

test("what the agent refuses stays, with the reason above it", () => {
  const file = write("a.conf", "[INPUT]\n  Name tail\n  Path /a\n  Tga x\n[OUTPUT]\n  Name stdout\n");
  const { yaml, problems } = migrateConfig(file, {});
  expect(problems).toEqual([`${file}:4:3: INPUT[0].Tga: unknown option of input tail; did you mean "tag"?`]);
  expect(yaml).toContain(`    # tga: REFUSED: unknown option of input tail; did you mean "tag"?
    - name: tail
      path: /a
      tga: x
`);
});

test("options that are repeated become lists, and keep their order among others", () => {
  const file = write(
    "a.conf",
    `[INPUT]
  Name tail
  Path /a
[FILTER]
  Name modify
  Match *
  Add a 1
  Add b 2
  Remove a
  Add a 3
[OUTPUT]
  Name stdout
[MULTILINE_PARSER]
  name mine
  rule "start_state" "/^a"b/" "cont"
  rule "cont" "/^ /" "cont"
`,
  );
  const { yaml } = migrateConfig(file, {});
  expect(yaml).toContain(`
      add:
        - a 1
        - b 2
      remove: a
      add: a 3
`);
  expect(yaml).toContain(`
    rules:
      - state: start_state
        regex: /^a"b/
        next_state: cont
      - state: cont
        regex: /^ /
        next_state: cont
`);
});
