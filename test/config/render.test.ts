import { expect, test } from "vitest";

import { renderConfig } from "../../config/render.ts";
import { BASE, edited, load } from "./fixture.ts";

const EVERYTHING = `service: {storage.path: /s, storage.total_limit_size: 5G, cluster: 'a: #b', hostname: n, log_level: off, grace: 90}
pipeline:
  inputs:
    - {name: tail, path: [/a/*.log, '/b/[x]*'], exclude_path: '*.gz', multiline.parser: cri, skip_empty_lines: on, read_from_head: off, links: off, refresh_interval: 5, ignore_older: 2d}
    - {name: tail, tag: host.*, path: /h}
  filters:
    - {name: kubernetes, match_regex: '^kube\\.|tail'}
  outputs:
    - {name: directory, match: '*', alias: 'on', path: /o, format: json_lines, compression: gzip, upload_timeout: 10m, total_file_size: 1500k}
    - {name: stdout, match: host.*}
    - {name: 'null', match: '*'}
`;

test.each([
  ["a short configuration", BASE],
  ["one with every option", EVERYTHING],
])("the effective configuration of %s is read again to the same effect", (_, text) => {
  const { config } = load(text);
  expect(config).not.toBeNull();
  if (config === null) return;
  expect(load(renderConfig(config))).toEqual({ config, problems: [], notices: [] });
});

test("every default is shown, with its unit", () => {
  const { config } = load(edited("cluster: prod", "hostname: node-7"));
  expect(config === null ? "" : renderConfig(config)).toBe(`service:
  storage.path: /var/log/logq
  storage.quarantine_limit_size: 100M
  cluster: default
  hostname: node-7
  log_level: info
  grace: 5s
  hot_reload: on
  http_server: off
  health_check: on
  hc_errors_count: 5
  hc_period: 60s
  hc_stuck_after: 5m
pipeline:
  inputs:
    - name: tail
      tag: kube.*
      path:
        - /var/log/containers/*.log
      refresh_interval: 60s
      read_from_head: on
      links: on
  filters: []
  outputs:
    - name: directory
      match: "*"
      path: /srv/store
      format: parquet
      compression: zstd
      json_date_key: date
      json_date_format: iso8601
      upload_timeout: 60s
      total_file_size: 64M
`);
});
