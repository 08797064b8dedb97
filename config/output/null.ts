import type { OptionGroup } from "../option.ts";
import type { OutputPlugin } from "../plugin.ts";
import { readSettings } from "../settings.ts";
import {
  OUTPUT_IGNORED,
  OUTPUT_LATER,
  readOutputBase,
  renderRouting,
  renderShipment,
  ROUTING,
  SHIPMENT_OF_STREAM,
  type OutputBase,
} from "./shared.ts";

export interface NullConfig extends OutputBase {
  readonly plugin: "null";
}

const GROUP = {
  doc: "Reads and encodes nothing, and counts all as delivered: for measuring.",
  options: { ...ROUTING, ...SHIPMENT_OF_STREAM },
  ignored: { ...OUTPUT_IGNORED, format: "nothing is written" },
  later: OUTPUT_LATER,
} as const satisfies OptionGroup;

/** Fluent Bit's manual: pipeline/outputs/null. */
export const NULL: OutputPlugin<NullConfig> = {
  group: GROUP,
  read(section, reading) {
    const settings = readSettings(GROUP, "output null", section, reading.found);
    return { plugin: "null", ...readOutputBase(section, settings, reading) };
  },
  render: (output) => ({ ...renderRouting(output), ...renderShipment(output) }),
  destinationOption: "name",
  destination: () => "null",
};
