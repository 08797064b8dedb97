import os from "node:os";
import path from "node:path";

import { describe, expect, test } from "vitest";

import { renderConfig } from "../../config/render.ts";
import { BASE, edited, load, tailsOf } from "./fixture.ts";

describe("defaults", () => {
  test("a short file is filled in with the documented defaults", () => {
    expect(load(BASE, { NODE_NAME: "node-7" })).toEqual({
      config: {
        service: {
          storagePath: "/var/log/logq",
          totalLimitSizeBytes: null,
          cluster: "prod",
          node: "node-7",
          logLevel: "info",
          graceMs: 5_000,
          quarantineBytesMax: 100_000_000,
          hotReload: true,
          http: null,
          health: { enabled: true, errorsMax: 5, periodMs: 60_000, stuckAfterMs: 300_000 },
          emf: null,
        },
        inputs: [
          {
            plugin: "tail",
            tag: "kube.*",
            path: ["/var/log/containers/*.log"],
            excludePath: [],
            framing: "plain",
            multiline: null,
            parser: null,
            skipEmptyLines: false,
            refreshIntervalMs: 60_000,
            readFromHead: true,
            source: null,
            ignoreOlderMs: null,
            links: true,
          },
        ],
        filters: [],
        multilineParsers: [],
        outputs: [
          {
            plugin: "directory",
            alias: null,
            match: { pattern: "*", regex: false },
            uploadTimeoutMs: 60_000,
            totalFileSizeBytes: 64_000_000,
            path: "/srv/store",
            format: "parquet",
            compression: "zstd",
            jsonDateKey: "date",
            jsonDateFormat: "iso8601",
          },
        ],
        parsers: [],
      },
      problems: [],
      notices: [],
    });
  });

  test("http_server listens where Fluent Bit does", () => {
    const { config } = load(edited("cluster: prod", "http_server: on\n  hc_period: 10"));
    expect(config?.service).toMatchObject({ http: { listen: "0.0.0.0", port: 2020 }, health: { periodMs: 10_000 } });
  });

  test.each([
    ["two", '"two" is not a whole number'],
    ["70000", "70000 is too large; the most is 65535"],
  ])("a port of %s is refused", (port, message) => {
    const { problems } = load(edited("cluster: prod", `http_port: ${port}`));
    expect(problems).toEqual([`agent.yaml:2:14: service.http_port: ${message}`]);
  });

  test("a file without service has the default state folder and cluster", () => {
    const service = load(BASE.replace(/^service:\n.*\n/, "")).config?.service;
    expect(service).toMatchObject({ storagePath: "/var/log/logq", cluster: "default" });
  });

  test("the node is the hostname option, else NODE_NAME, else the host's name", () => {
    const named = edited("cluster: prod", "hostname: a");
    expect(load(named, { NODE_NAME: "b" }).config?.service.node).toBe("a");
    expect(load(BASE, { NODE_NAME: "b" }).config?.service.node).toBe("b");
    expect(load(BASE, { NODE_NAME: "" }).config?.service.node).toBe(os.hostname());
  });

  test("a tail without a tag is tail.N, N its place among the inputs", () => {
    const { config } = load(
      edited("      tag: kube.*\n", "").replace("  outputs:", "    - name: tail\n      path: /b\n  outputs:"),
    );
    expect(config?.inputs.map((input) => input.tag)).toEqual(["tail.0", "tail.1"]);
  });

  test("one input and one output need no match, as in Fluent Bit", () => {
    expect(load(edited("      match: '*'\n", "")).config?.outputs[0]?.match).toEqual({ pattern: "*", regex: false });
  });

  test("stdout and null wait a second, not a minute", () => {
    const { config } = load(BASE + "    - {name: stdout, match: '*'}\n    - {name: 'null', match: '*'}\n");
    expect(config?.outputs.slice(1)).toEqual([
      {
        plugin: "stdout",
        alias: null,
        match: { pattern: "*", regex: false },
        uploadTimeoutMs: 1_000,
        totalFileSizeBytes: 64_000_000,
        format: "json_lines",
        jsonDateKey: "date",
        jsonDateFormat: "iso8601",
      },
      {
        plugin: "null",
        alias: null,
        match: { pattern: "*", regex: false },
        uploadTimeoutMs: 1_000,
        totalFileSizeBytes: 64_000_000,
      },
    ]);
  });
});

describe("values as Fluent Bit takes them", () => {
  test("names, plugins and fixed values are taken in any case", () => {
    const { config, problems } = load(
      edited("name: directory", "Name: Directory\n      Format: JSON_Lines\n      COMPRESSION: GZip"),
    );
    expect(problems).toEqual([]);
    expect(config?.outputs[0]).toMatchObject({ plugin: "directory", format: "json_lines", compression: "gzip" });
  });

  test.each([
    ["on", true],
    ["True", true],
    ["yes", true],
    ["off", false],
    ["false", false],
    ["NO", false],
  ])("%s is a boolean", (text, value) => {
    expect(tailsOf(load(edited("tag: kube.*", `read_from_head: ${text}`)))[0]?.readFromHead).toBe(value);
  });

  test.each([
    ["5000000", 5_000_000],
    ["5000k", 5_000_000],
    ["50M", 50_000_000],
    ["50mb", 50_000_000],
    ["1G", 1_000_000_000],
  ])("%s is a size", (text, bytes) => {
    expect(load(edited("match: '*'", `total_file_size: ${text}`)).config?.outputs[0]?.totalFileSizeBytes).toBe(bytes);
  });

  test.each([
    ["30", 30_000],
    ["30s", 30_000],
    ["10m", 600_000],
    ["2H", 7_200_000],
    ["1d", 86_400_000],
    ["250ms", 250],
    ["0.5", 500],
  ])("%s is a duration", (text, durationMs) => {
    expect(load(edited("match: '*'", `upload_timeout: ${text}`)).config?.outputs[0]?.uploadTimeoutMs).toBe(durationMs);
  });

  test("lists are written with commas or as YAML lists", () => {
    for (const text of ["/a/*.log, /b/*.log,", "[/a/*.log, /b/*.log]"]) {
      const { config } = load(edited("/var/log/containers/*.log", text));
      expect(tailsOf({ config })[0]?.path).toEqual(["/a/*.log", "/b/*.log"]);
    }
  });

  test.each([
    "multiline.parser: cri",
    "multiline.parser: docker, cri",
    "multiline.parser: [docker, cri]",
    "parser: CRI",
  ])("%s selects CRI framing", (text) => {
    expect(tailsOf(load(edited("tag: kube.*", text)))[0]?.framing).toBe("cri");
  });

  test.each(["multiline.parser: docker, java", "parser: docker"])("%s selects Docker's framing", (text) => {
    const { config } = load(edited("tag: kube.*", text));
    expect(tailsOf({ config })[0]?.framing).toBe("docker");
    expect(load(renderConfig(config!)).config).toEqual(config);
  });

  test("any other parser of tail is the input's, one of the configuration's own or a built-in", () => {
    const text = edited("tag: kube.*", "tag: web.*\n      parser: mine").replace(
      "  outputs:",
      "  filters: [{name: grep, match: web.*, exclude: log x}]\n  outputs:",
    );
    const { config, problems } = load(`${text}parsers: [{name: mine, format: logfmt}]\n`);
    expect(problems).toEqual([]);
    expect(config?.inputs).toMatchObject([{ parser: { name: "mine", format: "logfmt" } }]);
    expect(config?.filters).toMatchObject([{ plugin: "grep" }]);
    expect(load(renderConfig(config!)).config).toEqual(config);
  });

  test("a parser of tail has no effect beside multiline.parser, which is said", () => {
    const { config, notices } = load(edited("tag: kube.*", "parser: nginx\n      multiline.parser: cri"));
    expect(config?.filters).toEqual([]);
    expect(notices).toEqual([
      "agent.yaml:6:15: pipeline.inputs[0].parser: accepted without effect: multiline.parser reads the lines; add a filter named parser",
    ]);
  });

  test("log_level warning is warn", () => {
    expect(load(edited("cluster: prod", "log_level: warning")).config?.service.logLevel).toBe("warn");
  });

  test("nested keys are dotted keys", () => {
    expect(load(edited("cluster: prod", "storage:\n    path: /srv/state")).config?.service.storagePath).toBe(
      "/srv/state",
    );
  });

  test("anchors and aliases are resolved", () => {
    const text = edited("    - name: directory", "    - &first\n      name: directory").replace(
      "path: /srv/store",
      "path: &p /srv/store",
    );
    expect(load(text + "    - {name: directory, match: '*', path: *p, alias: b}\n").config?.outputs[1]).toMatchObject({
      path: "/srv/store",
    });
  });

  test("relative paths resolve against the working directory", () => {
    const { config } = load(
      edited("cluster: prod", "storage.path: state")
        .replace("/srv/store", "./store")
        .replace("/var/log/containers/*.log", "logs/*.log"),
    );
    expect(config?.service.storagePath).toBe(path.resolve("state"));
    expect(config?.outputs[0]).toMatchObject({ path: path.resolve("store") });
    expect(tailsOf({ config })[0]?.path).toEqual([path.resolve("logs/*.log")]);
  });

  test("exclusions are about the whole path", () => {
    const { config } = load(edited("tag: kube.*", "exclude_path: '*.gz, debug.log, logs/x*.log, /a/*'"));
    expect(tailsOf({ config })[0]?.excludePath).toEqual(["*.gz", "*/debug.log", path.resolve("logs/x*.log"), "/a/*"]);
  });

  test("match_regex is a regular expression", () => {
    expect(load(edited("match: '*'", "match_regex: ^kube\\.")).config?.outputs[0]?.match).toEqual({
      pattern: "^kube\\.",
      regex: true,
    });
  });
});

describe("what is accepted without effect gets one notice", () => {
  test.each([
    [
      "an option that this design does not need",
      edited("tag: kube.*", "mem_buf_limit: 5MB"),
      "agent.yaml:6:7: pipeline.inputs[0].mem_buf_limit: accepted without effect: the log files are the buffer, nothing is queued in memory or copied to disk",
    ],
    [
      "a family of options",
      edited("tag: kube.*", "DB.Sync: normal"),
      "agent.yaml:6:7: pipeline.inputs[0].DB.Sync: accepted without effect: positions are kept under service's storage.path",
    ],
    [
      "the flush interval",
      edited("cluster: prod", "flush: 1"),
      "agent.yaml:2:3: service.flush: accepted without effect: each output has its upload_timeout",
    ],
    [
      "the count of failed retries, of which there are none",
      edited("cluster: prod", "hc_retry_failure_count: 3"),
      "agent.yaml:2:3: service.hc_retry_failure_count: accepted without effect: no retry is the last one; a failure that somebody must act on fails health at once",
    ],
    [
      "workers of an output",
      edited("match: '*'", "workers: 2"),
      "agent.yaml:10:7: pipeline.outputs[0].workers: accepted without effect: one thread does the work of all outputs",
    ],
    [
      "an output that no tag reaches",
      edited("match: '*'", "match: host.*"),
      "agent.yaml:10:14: pipeline.outputs[0].match: host.* matches no input's tag (kube.*), so nothing reaches it",
    ],
    [
      "a regular expression that no tag meets",
      edited("match: '*'", "match_regex: ^x").replace("kube.*", "kube"),
      "agent.yaml:10:20: pipeline.outputs[0].match_regex: ^x matches no input's tag (kube), so nothing reaches it",
    ],
    [
      "a filter that no tag reaches",
      edited("  outputs:", "  filters: [{name: kubernetes, match: k8s.*}]\n  outputs:"),
      "agent.yaml:8:39: pipeline.filters[0].match: k8s.* matches no input's tag (kube.*), so nothing reaches it",
    ],
    [
      "** in a path",
      edited("*.log", "**.log"),
      "agent.yaml:7:13: pipeline.inputs[0].path: /var/log/containers/**.log: ** is the same as * and does not enter folders",
    ],
    [
      "a variable that is not set",
      edited("prod", "a${NOT_SET}b"),
      "agent.yaml:2:12: service.cluster: environment variable NOT_SET is not set, replaced by nothing",
    ],
  ])("%s", (_, text, notice) => {
    expect(load(text)).toMatchObject({ problems: [], notices: [notice] });
  });

  test("a match is compared with the tag that the path expands to", () => {
    for (const match of ["kube.var.log.containers.nginx*", "*.log", "kube.*_default_*"]) {
      expect(load(edited("match: '*'", `match: '${match}'`)).notices).toEqual([]);
    }
    expect(load(edited("match: '*'", "match: 'kube.var.log.pods.*'")).notices).toHaveLength(1);
  });

  test("an option of a later version that says off asks for nothing", () => {
    expect(load(edited("tag: kube.*", "multiline: off"))).toMatchObject({ problems: [], notices: [] });
  });
});

describe("files of Fluent Bit's users", () => {
  test("the example of its manual for Kubernetes runs", () => {
    const { config, problems, notices } = load(`pipeline:
  inputs:
    - name: tail
      tag: kube.*
      path: /var/log/containers/*.log
      multiline.parser: docker,cri
  filters:
    - name: kubernetes
      match: 'kube.*'
      kube_url: https://kubernetes.default.svc:443
      kube_ca_file: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt
      kube_tag_prefix: kube.var.log.containers.
      merge_log: on
  outputs:
    - name: stdout
      match: '*'
`);
    expect(problems).toEqual([]);
    expect(notices).toHaveLength(1);
    const match = { pattern: "kube.*", regex: false };
    const mergeLog = { key: null, trim: true, keep: true };
    expect(config?.filters).toMatchObject([{ plugin: "kubernetes", match, metaPreloadCacheDir: null, mergeLog }]);
  });

  test("logs may lie beside the state and beside the objects", () => {
    expect(load(edited("containers/*.log", "*.log")).problems).toEqual([]);
    expect(load(edited("/var/log/containers/*.log", "/srv/store/*.log")).problems).toEqual([]);
    expect(
      load(edited("/var/log/containers/*.log", "/var/log/*/*.log\n      exclude_path: /var/log/logq/*")).problems,
    ).toEqual([]);
  });
});

describe("env", () => {
  test("${NAME} is filled in from the environment, also several times in a value", () => {
    expect(load(edited("prod", "${A}-${B}"), { A: "x", B: "y" }).config?.service.cluster).toBe("x-y");
  });

  test("the file's own env section comes first, and may use the environment", () => {
    expect(load("env:\n  A: own-${B}\n" + edited("prod", "${A}"), { A: "x", B: "y" }).config?.service.cluster).toBe(
      "own-y",
    );
  });

  test("names are told apart by case", () => {
    expect(load("env:\n  Name: one\n  NAME: two\n" + edited("prod", "${Name}-${NAME}")).config?.service.cluster).toBe(
      "one-two",
    );
  });

  test("HOSTNAME is always known", () => {
    expect(load(edited("prod", "${HOSTNAME}")).config?.service.cluster).toBe(os.hostname());
  });

  test("an env section of an included file holds in the file that includes it", () => {
    const { config } = load({
      "agent.yaml": "includes: [env.yaml]\n" + edited("prod", "${A}"),
      "env.yaml": "env: {A: x}\n",
    });
    expect(config?.service.cluster).toBe("x");
  });
});

describe("includes", () => {
  test("are relative to the file that names them, and come in the order in which they stand", () => {
    const { config, problems } = load({
      "agent.yaml": "includes:\n  - sub/a.yaml\n" + BASE,
      "sub/a.yaml": "includes: [b.yaml]\npipeline: {inputs: [{name: tail, tag: a, path: /a}]}\n",
      "sub/b.yaml": "pipeline: {inputs: [{name: tail, tag: b, path: /b}]}\n",
    });
    expect(problems).toEqual([]);
    expect(config?.inputs.map(({ tag }) => tag)).toEqual(["b", "a", "kube.*"]);
  });

  test("take patterns", () => {
    const { config } = load({
      "agent.yaml": "includes: [conf.d/*.yaml]\n" + BASE,
      "conf.d/2.yaml": "pipeline: {outputs: [{name: stdout, match: '*'}]}\n",
      "conf.d/1.yaml": "service: {grace: 9}\n",
    });
    expect(config?.service).toMatchObject({ cluster: "prod", graceMs: 9_000 });
    expect(config?.outputs.map(({ plugin }) => plugin)).toEqual(["stdout", "directory"]);
  });
});
