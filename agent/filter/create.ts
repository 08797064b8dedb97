import type { FilterConfig } from "../../config/config.ts";
import { createAws } from "./aws.ts";
import { SILENT, type RecordFilter, type Voice } from "./filter.ts";
import { createExpectFilter } from "./expect.ts";
import { createGrep } from "./grep.ts";
import { createKubernetes } from "./kubernetes/filter.ts";
import { createModifyFilter } from "./modify.ts";
import { createNestFilter } from "./nest.ts";
import { createParserFilter } from "./parser.ts";
import { createRecordModifierFilter } from "./record-modifier.ts";
import { createRedact } from "./redact.ts";
import { createRewriteTag } from "./rewrite-tag.ts";
import { createThrottle } from "./throttle.ts";

/** The filters that work on records, in the order of the configuration. */
export function createRecordFilters(configs: readonly FilterConfig[], voice: Voice = SILENT): RecordFilter[] {
  const used = new Map<string, number>();
  return configs.flatMap((config) => {
    const name = nameOf(config, used);
    const filter = createRecordFilter(config, voice);
    return filter === null ? [] : [{ ...filter, name }];
  });
}

function nameOf(config: FilterConfig, used: Map<string, number>): string {
  const { plugin } = config;
  // An input's own parser is no filter of the file.
  if (plugin === "parser" && config.input !== undefined) return `parser.${config.input}`;
  const place = used.get(plugin) ?? 0;
  used.set(plugin, place + 1);
  return `${plugin}.${place}`;
}

/** Null for a filter all of which is applied once to each file, when it is found. */
function createRecordFilter(config: FilterConfig, voice: Voice): RecordFilter | null {
  switch (config.plugin) {
    case "aws":
      return createAws(config);
    case "grep":
      return createGrep(config);
    case "redact":
      return createRedact(config);
    case "rewrite_tag":
      return createRewriteTag(config);
    case "throttle":
      return createThrottle(config);
    case "kubernetes":
      return createKubernetes(config, voice.warn);
    case "modify":
      return createModifyFilter(config);
    case "nest":
      return createNestFilter(config);
    case "record_modifier":
      return createRecordModifierFilter(config);
    case "parser":
      return createParserFilter(config, voice.warn);
    case "expect":
      return createExpectFilter(config, voice);
    case "multiline":
      return null;
    default:
      config satisfies never;
      return null;
  }
}
