import { expect, test } from "vitest";

import { FILTERS, INPUTS, OUTPUTS } from "../../config/registry.ts";
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

test("masked, it has no secret, and says that there is one", () => {
  const { config } = load(`pipeline:
  inputs:
    - {name: forward, shared_key: marked-key, security.users: [ann marked-one, 'bob "marked two"']}
  outputs:
    - {name: stdout}
`);
  const text = renderConfig(config!, "masked");
  expect(text).not.toContain("marked");
  expect(text).toMatch(/ {6}shared_key: "?\*{8}"?\n[^]* {6}security.users:\n {8}- "?\*{8}"?\n {8}- "?\*{8}"?\n/);
  expect(text).toContain("port: 24224");
});

test("an option that is called like a secret is masked, or known to be none", () => {
  // Names of files and of things; `empty_shared_key` is a switch.
  const none =
    /_file$|_path$|_ttl$|^empty_shared_key$|_key_id$|_key_format|_bucket_key$|^(json_date|time|log|key)_key|record_|_name$/;
  const plugins = [INPUTS, FILTERS, OUTPUTS].flatMap((known) => Object.entries(known));
  const open = plugins.flatMap(([plugin, { group, secrets = [] }]) =>
    Object.keys(group.options)
      .filter((option) => /secret|passw|token|shared|users|credential|api_key/.test(option) && !none.test(option))
      .filter((option) => !secrets.includes(option))
      .map((option) => `${plugin}.${option}`),
  );
  expect(open).toEqual([]);
});

test.each(["endpoint", "sts_endpoint"])("a password in %s is refused, and not repeated", (option) => {
  const output = `{name: s3, bucket: b, region: r, ${option}: 'https://ann:marked@example.com/'}`;
  const { problems } = load(`pipeline:\n  inputs:\n    - {name: tail, path: /a}\n  outputs:\n    - ${output}\n`);
  expect(problems).toEqual([expect.stringMatching(/has a user or a password; remove it: credentials come from/)]);
  expect(problems.join()).not.toContain("marked");
});

test("so it is in the API's address", () => {
  const { problems } = load(
    edited(
      "  outputs:",
      "  filters:\n    - {name: kubernetes, match: '*', kube_url: 'https://ann:marked@h'}\n  outputs:",
    ),
  );
  expect(problems).toEqual([
    expect.stringContaining("kube_url: https://h is no address; write it as https://HOST:PORT"),
  ]);
});
