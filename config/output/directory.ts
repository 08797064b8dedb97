import path from "node:path";

import type { OptionGroup } from "../option.ts";
import type { OutputPlugin } from "../plugin.ts";
import { NO_BUFFER, POSITIONS } from "../reasons.ts";
import { readSettings } from "../settings.ts";
import {
  checkCompression,
  JSON_DATE,
  OUTPUT_IGNORED,
  OUTPUT_LATER,
  readJsonDate,
  readOutputBase,
  renderJsonDate,
  renderRouting,
  renderShipment,
  ROUTING,
  SHIPMENT_OF_OBJECTS,
  type ObjectsConfig,
} from "./shared.ts";

export interface DirectoryConfig extends ObjectsConfig {
  readonly plugin: "directory";
  /** Absolute; holds `cluster=…/dt=…/hour=…`. */
  readonly path: string;
}

const GROUP = {
  doc: "Ours: stores the table's objects under a folder, laid out as on S3; `logq` reads them in place. Exactly once.",
  options: {
    path: {
      type: "string",
      default: null,
      required: true,
      origin: "ours",
      doc: "The folder, which will hold `cluster=…/dt=…/hour=…`; made if missing.",
    },
    ...ROUTING,
    ...SHIPMENT_OF_OBJECTS,
    ...JSON_DATE,
  },
  ignored: {
    ...OUTPUT_IGNORED,
    store_dir: POSITIONS,
    store_dir_limit_size: NO_BUFFER,
    upload_chunk_size: "objects are written as a stream",
    use_put_object: "there is no upload",
    preserve_data_ordering: "records keep their order",
  },
  later: { ...OUTPUT_LATER, s3_key_format: "the layout is the table's", file: "", mkdir: "path is made if missing" },
} as const satisfies OptionGroup;

export const DIRECTORY: OutputPlugin<DirectoryConfig> = {
  group: GROUP,
  read(section, reading) {
    const settings = readSettings(GROUP, "output directory", section, reading.found);
    checkCompression(settings, section, reading);
    return {
      plugin: "directory",
      ...readOutputBase(section, settings, reading),
      path: path.resolve(settings.path),
      format: settings.format,
      compression: settings.compression,
      ...readJsonDate(settings),
    };
  },
  render: (output) => ({
    ...renderRouting(output),
    path: output.path,
    format: output.format,
    compression: output.compression,
    ...renderJsonDate(output),
    ...renderShipment(output),
  }),
  destinationOption: "path",
  destination: (output) => `directory ${output.path}`,
};
