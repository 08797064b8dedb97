import { expect, test } from "vitest";
import { renderConfig } from "../../config/render.ts";
import { edited, load } from "./fixture.ts";

const withAws = (...lines: string[]) =>
  edited(
    "  outputs:\n",
    [
      "  filters:",
      "    - name: aws",
      "      match: kube.*",
      ...lines.map((line) => `      ${line}`),
      "  outputs:",
      "",
    ].join("\n"),
  );

test("filter aws asks for the zone and the id unless told otherwise, and reads what it shows again", () => {
  const { config } = load(withAws());
  expect(config?.filters).toMatchObject([
    { imdsVersion: "v2", fields: ["az", "ec2_instance_id"], tags: null, entity: false, waitMs: 5000, metadata: null },
  ]);
  const other = load(
    withAws("imds_version: v1", "az: off", "vpc_id: on", "tags_enabled: true", "tags_include: a,b", "imds_wait: 1s"),
  );
  for (const each of [config, other.config]) expect(load(renderConfig(each!)).config).toEqual(each);
});

test("filter aws refuses tags that are both named and left out", () => {
  const { problems } = load(withAws("tags_include: a", "tags_exclude: b"));
  expect(problems).toEqual([
    "agent.yaml:12:21: pipeline.filters[0].tags_exclude: tags_include names the only tags already; remove one",
  ]);
});
