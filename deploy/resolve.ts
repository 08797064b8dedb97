import type { Template } from "./template.ts";

/** Where a stack is made. */
export interface Place {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

type Properties = Readonly<Record<string, unknown>>;

/**
 * The properties of a stack's resources, by their logical names, as CloudFormation works them out: parameters, conditions
 * and references replaced, what a condition leaves out left out. Throws for a parameter that has no value.
 */
export function resolveStack(
  template: Template,
  parameters: Readonly<Record<string, string | number>>,
  place: Place,
): ReadonlyMap<string, Properties> {
  const stack = new Stack(template, parameters, place);
  const there = Object.entries(template.Resources).filter(([, { Condition: when }]) => {
    return when === undefined || stack.holds(when);
  });
  return new Map(there.map(([name, { Properties: properties }]) => [name, stack.value(properties) as Properties]));
}

const NOTHING = Symbol("AWS::NoValue");

class Stack {
  readonly #template: Template;
  readonly #parameters: Readonly<Record<string, string | number>>;
  readonly #place: Place;

  constructor(template: Template, parameters: Readonly<Record<string, string | number>>, place: Place) {
    this.#template = template;
    this.#parameters = parameters;
    this.#place = place;
  }

  value(node: unknown): unknown {
    if (Array.isArray(node)) return node.map((each) => this.value(each)).filter((each) => each !== NOTHING);
    if (typeof node !== "object" || node === null) return node;
    const entries = Object.entries(node);
    const [[key, argument] = [""]] = entries;
    if (entries.length === 1 && (key === "Ref" || key.startsWith("Fn::"))) return this.#call(key, argument);
    const values = entries.map(([name, each]) => [name, this.value(each)] as const);
    return Object.fromEntries(values.filter(([, each]) => each !== NOTHING));
  }

  holds(condition: string): boolean {
    return this.value(this.#template.Conditions[condition]) as boolean;
  }

  #call(name: string, argument: unknown): unknown {
    switch (name) {
      case "Ref":
        return this.#ref(argument as string);
      case "Fn::GetAtt":
        return this.#arn((argument as string[])[0]!);
      case "Fn::Sub":
        return (argument as string).replaceAll(/\$\{(!?)([^}]+)\}/g, (_, escape: string, named: string) => {
          if (escape !== "") return `\${${named}}`;
          const isArn = named.endsWith(".Arn");
          return String(isArn ? this.#arn(named.slice(0, -".Arn".length)) : this.#ref(named));
        });
      case "Fn::If": {
        const [when, yes, no] = argument as [string, unknown, unknown];
        return this.value(this.holds(when) ? yes : no);
      }
      case "Fn::Equals": {
        const [left, right] = this.value(argument) as [unknown, unknown];
        return left === right;
      }
      case "Fn::Not":
        return !(this.value(argument) as [boolean])[0];
      default:
        throw new Error(`resolve the template: ${name} is no function known here`);
    }
  }

  #ref(name: string): unknown {
    const { partition, region, account } = this.#place;
    const pseudo: Readonly<Record<string, unknown>> = {
      "AWS::NoValue": NOTHING,
      "AWS::Partition": partition,
      "AWS::Region": region,
      "AWS::AccountId": account,
    };
    if (name in pseudo) return pseudo[name];
    const parameter = this.#template.Parameters[name];
    if (parameter !== undefined) {
      const value = this.#parameters[name] ?? parameter.Default;
      if (value === undefined) throw new Error(`resolve the template: parameter ${name} has no value`);
      return value;
    }
    return this.#nameOf(name);
  }

  /** What `Ref` gives: the name of most, the ARN of a policy. */
  #nameOf(name: string): string {
    const { Type, Properties: properties } = this.#template.Resources[name]!;
    if (Type === "AWS::IAM::ManagedPolicy") return this.#arn(name);
    const key = NAME_PROPERTIES[Type];
    if (Type === "AWS::Glue::Database")
      return this.value((properties["DatabaseInput"] as Properties)["Name"]) as string;
    return key === undefined ? name : (this.value(properties[key]) as string);
  }

  #arn(name: string): string {
    const { partition, region, account } = this.#place;
    const { Type } = this.#template.Resources[name]!;
    const [service, kind, end = ""] = ARNS[Type]!;
    if (service === "s3") return `arn:${partition}:s3:::${this.#nameOf(name)}`;
    const own = Type === "AWS::IAM::ManagedPolicy" ? name : this.#nameOf(name);
    return `arn:${partition}:${service}:${service === "iam" ? "" : region}:${account}:${kind}${own}${end}`;
  }
}

const NAME_PROPERTIES: Readonly<Record<string, string>> = {
  "AWS::S3::Bucket": "BucketName",
  "AWS::Athena::WorkGroup": "Name",
  "AWS::CloudWatch::Alarm": "AlarmName",
  "AWS::Logs::LogGroup": "LogGroupName",
  "AWS::KinesisFirehose::DeliveryStream": "DeliveryStreamName",
};

/** Service, what stands in front of the name, and what behind it. */
const ARNS: Readonly<Record<string, readonly [string, string, string?]>> = {
  "AWS::S3::Bucket": ["s3", ""],
  "AWS::KMS::Key": ["kms", "key/"],
  "AWS::CloudWatch::Alarm": ["cloudwatch", "alarm:"],
  "AWS::Logs::LogGroup": ["logs", "log-group:", ":*"],
  "AWS::KinesisFirehose::DeliveryStream": ["firehose", "deliverystream/"],
  "AWS::IAM::Role": ["iam", "role/"],
  "AWS::IAM::ManagedPolicy": ["iam", "policy/"],
};
