import type { InputConfig } from "../../../config/config.ts";
import {
  createCloudWatchInput,
  cloudWatchInputId,
  type CloudWatchInputTools,
} from "../cloudwatch-logs/cloudwatch-logs.ts";
import { createForwardInput } from "../forward/input.ts";
import { createSystemdInput } from "../systemd/systemd.ts";
import { spoolId } from "./open-spools.ts";
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
      case "systemd":
        created.push({
          id: spoolId("systemd", JSON.stringify([input.path, input.ownTag])),
          input: createSystemdInput(input),
          bytesMax: input.totalLimitSizeBytes,
        });
        break;
    }
  }
  return created.map(({ id, ...each }, index) => {
    // Two that are alike: by their order.
    const before = created.slice(0, index).filter((other) => other.id === id).length;
    return { ...each, id: before === 0 ? id : `${id}-${before + 1}` };
  });
}
