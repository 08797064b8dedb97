import type { AwsFilterConfig } from "../../config/filter/aws.ts";
import type { RecordFilter } from "./filter.ts";
import { tagMatcher } from "./match.ts";

/** Fluent Bit's aws filter: fields of the node behind those that records have. What is known of it is in the configuration by now. */
export function createAws({ match, metadata }: AwsFilterConfig): RecordFilter {
  const isKnown = metadata !== null && Object.keys(metadata).length > 0;
  return {
    name: "aws",
    matches: tagMatcher(match),
    open: () =>
      isKnown
        ? {
            apply(rows) {
              for (let row = 0; row < rows.count; row++)
                if (rows.keeps(row)) rows.setRecord(row, { ...rows.record(row), ...metadata });
            },
          }
        : null,
  };
}
