import { expect, test } from "vitest";
import { excludedStreams, suggestedParsers } from "../../../../agent/filter/kubernetes/annotations.ts";

test.each([
  [{ exclude: "true" }, ["stdout", "stderr"]],
  [{ exclude: "On" }, ["stdout", "stderr"]],
  [{ exclude: "false" }, []],
  [{ exclude: "maybe" }, []],
  [{ exclude_stdout: "true" }, ["stdout"]],
  [{ "exclude-app": "true" }, ["stdout", "stderr"]],
  [{ "exclude-other": "true" }, []],
  [{ "exclude_stderr-app": "true" }, ["stderr"]],
  // The container's word goes before the pod's, wherever it stands.
  [{ "exclude-app": "false", exclude: "true" }, []],
  [{ exclude: "true", "exclude_stdout-app": "false" }, ["stderr"]],
  [{ exclude_stdin: "true", "exclude-": "true", excluded: "true" }, []],
])("%j leaves out %j of the container app", (said, streams) => {
  const annotations = Object.fromEntries(Object.entries(said).map(([key, value]) => [`fluentbit.io/${key}`, value]));
  expect(excludedStreams({ ...annotations, "other.io/exclude": "true" }, "app")).toEqual(streams);
});

test.each([
  [{ parser: "nginx" }, { stdout: "nginx", stderr: "nginx" }],
  [{ parser_stderr: "klog" }, { stderr: "klog" }],
  [
    { parser: "json", "parser_stderr-app": "klog" },
    { stdout: "json", stderr: "klog" },
  ],
  [{ "parser-other": "json", parser_stdin: "json" }, null],
  [{ exclude: "true" }, null],
])("%j suggests the parsers %j for the container app", (said, parsers) => {
  const annotations = Object.fromEntries(Object.entries(said).map(([key, value]) => [`fluentbit.io/${key}`, value]));
  expect(suggestedParsers(annotations, "app")).toEqual(parsers);
});
