import type { ParserConfig } from "./parser-config.ts";
import type { MultilineParserConfig } from "./multiline.ts";
import type { Plugin } from "./plugin.ts";
import type { FILTERS, INPUTS, OUTPUTS } from "./registry.ts";
import type { ServiceConfig } from "./service.ts";

/** The agent's effective configuration: what the loaders make of Fluent Bit's file, with every default filled in. Sizes are bytes, times milliseconds. */
export interface AgentConfig {
  readonly service: ServiceConfig;
  readonly inputs: readonly InputConfig[];
  readonly filters: readonly FilterConfig[];
  readonly outputs: readonly OutputConfig[];
  /** The configuration's own, beside those that are built in. */
  readonly parsers: readonly ParserConfig[];
  /** Those that the file defines; inputs and filters hold what they need of them. */
  readonly multilineParsers: readonly MultilineParserConfig[];
}

export type InputConfig = ConfigOf<(typeof INPUTS)[keyof typeof INPUTS]>;
export type FilterConfig = ConfigOf<(typeof FILTERS)[keyof typeof FILTERS]>;
export type OutputConfig = ConfigOf<(typeof OUTPUTS)[keyof typeof OUTPUTS]>;

type ConfigOf<Known> = Known extends Plugin<infer Config> ? Config : never;
