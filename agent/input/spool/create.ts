import type { InputConfig } from "../../../config/config.ts";
import {
  createCloudWatchInput,
  cloudWatchInputId,
  type CloudWatchInputTools,
} from "../cloudwatch-logs/cloudwatch-logs.ts";
import { createForwardInput } from "../forward/input.ts";
import type { NamedSpooledInput } from "./spooled-input.ts";

/** What inputs need of the agent. */
export type SpooledInputTools = CloudWatchInputTools;

/** The inputs of a configuration that append to a spool. */
export function createSpooledInputs(inputs: readonly InputConfig[], tools: SpooledInputTools): NamedSpooledInput[] {
  const created: NamedSpooledInput[] = [];
  for (const input of inputs) {
    switch (input.plugin) {
      case "tail":
        break;
      case "cloudwatch_logs":
        created.push({
          id: cloudWatchInputId(input),
          input: createCloudWatchInput(input, tools),
          bytesMax: input.totalLimitSizeBytes,
        });
        break;
      case "forward":
        created.push(createForwardInput(input));
        break;
    }
  }
  return created;
}
