import { condition, expression } from "./expression.ts";

/** What hcl2json makes of a resource: its arguments, and a list of blocks under each block's name. */
export type Arguments = Readonly<Record<string, unknown>>;

/** A policy's statements, those that are only there under a condition as dynamic blocks. */
export function policyDocument(name: string, document: unknown): Record<string, Arguments> {
  const { "Fn::If": choice } = document as { readonly "Fn::If"?: [string, { "Fn::Sub": string }, Arguments] };
  let statements: unknown[];
  if (choice === undefined) statements = (document as { Statement: unknown[] }).Statement;
  else {
    const [when, { "Fn::Sub": json }, otherwise] = choice;
    const first = JSON.parse(json, (_, value: unknown) =>
      typeof value === "string" && value.includes("${") ? { "Fn::Sub": value } : value,
    ) as { Statement: unknown[] };
    const noValue = { Ref: "AWS::NoValue" };
    statements = [
      ...first.Statement.map((each) => ({ "Fn::If": [when, each, noValue] })),
      ...(otherwise["Statement"] as unknown[]).map((each) => ({ "Fn::If": [when, noValue, each] })),
    ];
  }
  return { [`data.aws_iam_policy_document.${name}`]: blocks("statement", statements, statement) };
}

function statement(each: Arguments): Arguments {
  const { Sid, Effect, Action, Resource: resources, Principal, Condition: conditions } = each;
  const [[type, identifiers] = []] = Principal === "*" ? [["*", "*"]] : Object.entries((Principal ?? {}) as Arguments);
  return defined({
    sid: Sid,
    effect: Effect === "Allow" ? undefined : Effect,
    actions: Action,
    resources: resources === undefined ? undefined : list(resources),
    principals: type === undefined ? undefined : [{ type, identifiers: list(identifiers) }],
    condition:
      conditions === undefined
        ? undefined
        : Object.entries(conditions as Record<string, Arguments>).flatMap(([test, keys]) =>
            Object.entries(keys).map(([key, values]) => ({
              test,
              variable: expression({ "Fn::Sub": key }),
              values: list(values),
            })),
          ),
  });
}

/** Blocks of one name: those that are always there, and dynamic ones for `Fn::If` with nothing on one side. */
export function blocks(name: string, items: readonly unknown[], translate: (item: Arguments) => Arguments): Arguments {
  const plain: Arguments[] = [];
  const dynamic: Arguments[] = [];
  for (const item of items) {
    const { "Fn::If": choice } = item as { readonly "Fn::If"?: [string, Arguments, Arguments] };
    if (choice === undefined) plain.push(translate(item as Arguments));
    else {
      const [when, yes, no] = choice;
      const isNegated = yes["Ref"] === "AWS::NoValue";
      const test = isNegated ? condition(when, true) : condition(when);
      dynamic.push({ for_each: `\${${test} ? [1] : []}`, content: [translate(isNegated ? no : yes)] });
    }
  }
  return {
    ...(plain.length > 0 && { [name]: plain }),
    ...(dynamic.length > 0 && { dynamic: { [name]: dynamic } }),
  };
}

function list(values: unknown): unknown[] {
  return (Array.isArray(values) ? values : [values]).map(expression);
}

/** Without what is undefined. */
export function defined(object: Arguments): Arguments {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
