import { format } from "@cdktf/hcl-tools";
import { parse } from "@cdktf/hcl2json";
import { readdirSync, readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { generatedFiles, ROOT } from "../../deploy/generated.ts";
import { readTemplate } from "../../deploy/template.ts";
import { expression, snake } from "./expression.ts";
import { terraformOf } from "./terraform-of.ts";

// Parser and formatter are programs of some MB, to be compiled first.
vi.setConfig({ testTimeout: 300_000 });

const FOLDER = `${ROOT}deploy/terraform`;
const MODULE_FILES = readdirSync(FOLDER).filter((name) => name.endsWith(".tf"));
const MODULE = readModule();

test("what is generated of deploy/ is as the definition of the table gives it: npm run infrastructure", () => {
  for (const [path, text] of generatedFiles()) expect(readFileSync(`${ROOT}${path}`, "utf8"), path).toBe(text);
});

test("Terraform's files are as terraform fmt writes them", async () => {
  for (const name of MODULE_FILES) {
    const text = readFileSync(`${FOLDER}/${name}`, "utf8");
    expect(await format(text), name).toBe(text);
  }
});

test("Terraform declares the resources and policies of the CloudFormation template, argument by argument", async () => {
  const { resource, data } = await MODULE;
  const declared = new Map<string, object>();
  for (const [prefix, kinds] of [
    ["", resource],
    ["data.", data],
  ] as const)
    for (const [type, named] of Object.entries(kinds))
      for (const [name, [args]] of Object.entries(named)) declared.set(`${prefix}${type}.${name}`, args);
  // Where it is: nothing of the template's own.
  for (const name of ["caller_identity", "partition", "region"]) declared.delete(`data.aws_${name}.current`);
  const wanted = terraformOf(readTemplate());
  expect([...declared.keys()].toSorted()).toEqual([...wanted.keys()].toSorted());
  for (const [address, args] of wanted) expect(declared.get(address), address).toEqual(args);
});

test("Terraform's variables and outputs are the template's parameters and outputs", async () => {
  const { variable, output } = await MODULE;
  const { Parameters, Outputs } = readTemplate();
  const wanted = Object.entries(Parameters).map(([name, { Type, Default, Description, AllowedValues }]) => {
    const isBoolean = AllowedValues?.[0] === "true";
    const text = { type: isBoolean ? "bool" : Type.toLowerCase(), description: Description };
    return [
      snake(name),
      { ...text, ...(Default !== undefined && { default: isBoolean ? Default === "true" : Default }) },
    ];
  });
  const found = Object.entries(variable).map(([name, [args]]) => {
    const own = Object.entries(args).filter(([key]) => key !== "validation");
    return [name, { ...Object.fromEntries(own), type: (args["type"] as string).replaceAll(/[${}]/g, "") }];
  });
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(wanted));
  expect(output).toEqual(
    Object.fromEntries(
      Object.entries(Outputs).map(([name, { Description, Value }]) => [
        snake(name),
        [{ description: Description, value: expression(Value) }],
      ]),
    ),
  );
});

test("no ARN is of one partition: the same files serve the regions of China", () => {
  const files = MODULE_FILES.map((name) => `deploy/terraform/${name}`);
  for (const path of [...files, "deploy/cloudformation/logq.yaml"]) {
    expect(readFileSync(`${ROOT}${path}`, "utf8"), path).not.toMatch(/arn:aws|amazonaws\.com\.cn/);
  }
});

type Blocks = Readonly<Record<string, Readonly<Record<string, readonly [Readonly<Record<string, unknown>>]>>>>;

interface Module {
  readonly resource: Blocks;
  readonly data: Blocks;
  readonly variable: Blocks[string];
  readonly output: Blocks[string];
}

/** By HashiCorp's own parser. */
async function readModule(): Promise<Module> {
  const text = MODULE_FILES.map((name) => readFileSync(`${FOLDER}/${name}`, "utf8"));
  return (await parse("module.tf", text.join("\n"))) as unknown as Module;
}
