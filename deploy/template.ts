import { readFileSync } from "node:fs";
import { parse, type CollectionTag, type ScalarTag } from "yaml";

/** A CloudFormation template with its functions in their long form: `{ Ref: … }`, `{ "Fn::Sub": … }`. */
export interface Template {
  readonly Parameters: Readonly<Record<string, Parameter>>;
  readonly Conditions: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs: Readonly<Record<string, { readonly Description: string; readonly Value: unknown }>>;
}

interface Parameter {
  readonly Type: "String" | "Number";
  readonly Default?: string | number;
  readonly Description: string;
  readonly AllowedValues?: readonly (string | number)[];
}

export interface Resource {
  readonly Type: string;
  readonly Condition?: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

/** Reads deploy/cloudformation/logq.yaml, or another file. */
export function readTemplate(path = new URL("cloudformation/logq.yaml", import.meta.url).pathname): Template {
  return parse(readFileSync(path, "utf8"), { customTags: TAGS }) as Template;
}

/** `!GetAtt Bucket.Arn`, `!Sub …`, `!If […]`: a function's short form is a tag of YAML. */
const TAGS: (CollectionTag | ScalarTag)[] = ["Ref", "Condition", "GetAtt", "Sub", "If", "Equals", "Not"].flatMap(
  (name): (CollectionTag | ScalarTag)[] => {
    const key = name === "Ref" || name === "Condition" ? name : `Fn::${name}`;
    return [
      { tag: `!${name}`, resolve: (text: string) => ({ [key]: name === "GetAtt" ? text.split(".") : text }) },
      {
        tag: `!${name}`,
        collection: "seq",
        resolve: (items) => ({ [key]: (items as { toJSON(): unknown }).toJSON() }),
      },
    ];
  },
);
