import type { OptionGroup } from "../option.ts";
import type { OutputPlugin } from "../plugin.ts";
import { readSettings } from "../settings.ts";
import {
  JSON_DATE,
  OUTPUT_IGNORED,
  OUTPUT_LATER,
  readJsonDate,
  readOutputBase,
  renderJsonDate,
  renderRouting,
  renderShipment,
  ROUTING,
  SHIPMENT_OF_STREAM,
  type JsonDate,
  type OutputBase,
} from "./shared.ts";

export interface StdoutConfig extends OutputBase, JsonDate {
  readonly plugin: "stdout";
  readonly format: "json_lines";
}

const GROUP = {
  doc: "Prints records on standard output. At least once: a crash may repeat a shipment.",
  options: {
    ...ROUTING,
    format: {
      type: "enum",
      default: "json_lines",
      values: ["json_lines"],
      valuesLater: ["msgpack", "json", "json_stream"],
      origin: "fluent-bit",
      doc: "`json_lines`: Fluent Bit's record shape, a line each (Fluent Bit's own default is msgpack).",
    },
    ...JSON_DATE,
    ...SHIPMENT_OF_STREAM,
  },
  ignored: OUTPUT_IGNORED,
  later: OUTPUT_LATER,
} as const satisfies OptionGroup;

/** Fluent Bit's manual: pipeline/outputs/standard-output. */
export const STDOUT: OutputPlugin<StdoutConfig> = {
  group: GROUP,
  read(section, reading) {
    const settings = readSettings(GROUP, "output stdout", section, reading.found);
    return {
      plugin: "stdout",
      ...readOutputBase(section, settings, reading),
      format: "json_lines",
      ...readJsonDate(settings),
    };
  },
  render: (output) => ({
    ...renderRouting(output),
    format: output.format,
    ...renderJsonDate(output),
    ...renderShipment(output),
  }),
  destinationOption: "name",
  destination: () => "stdout",
};
