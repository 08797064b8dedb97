import { expect, test } from "vitest";
import { renderConfig } from "../../config/render.ts";
import { edited, load } from "./fixture.ts";

const withOptions = (options: string): string => edited("service:\n", `service:\n${options.replace(/^/gm, "  ")}\n`);

test("the agent's own metrics need a log group and nothing else", () => {
  expect(load(withOptions("emf_log_group: /logq/agents"))).toMatchObject({ problems: [] });
  expect(load(withOptions("emf_log_group: /logq/agents")).config?.service.emf).toEqual({
    logGroup: "/logq/agents",
    region: null,
    endpoint: null,
    intervalMs: 60_000,
    namespace: "logq",
    dimensions: [["ClusterName"], ["ClusterName", "Output"]],
  });
});

test.each([
  ["emf_log_group: 'a b'", "is no name of a log group"],
  ["emf_log_group: a\nemf_endpoint: localhost", "localhost is not a URL"],
  ["emf_log_group: a\nmetric_namespace: AWS/Logs", "is no namespace"],
  ["emf_log_group: a\nmetric_dimensions: Node", '"Node" is none of ClusterName, NodeName, Output'],
])("%s is refused", (options, problem) => {
  expect(load(withOptions(options)).problems.join()).toContain(problem);
});

test("the options of the agent's own metrics come back from the effective configuration", () => {
  const { config } = load(
    withOptions(
      "emf_log_group: g\nemf_region: cn-north-1\nemf_endpoint: http://localhost:1\nemf_interval: 10s\nmetric_namespace: Logs/Agent\nmetric_dimensions: ClusterName, NodeName",
    ),
  );
  expect(config?.service.emf?.dimensions).toEqual([["ClusterName", "NodeName"]]);
  expect(load(renderConfig(config!)).config?.service.emf).toEqual(config?.service.emf);
});
