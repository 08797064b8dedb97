import { COLUMNS, PARTITION_COLUMNS, PARTITION_MEANINGS } from "../table.ts";
import { defineTable } from "./definition.ts";

/** What the agent stores (`config/table.ts`), as a table of queries: the one that FROM may leave out. */
export const LOGS = defineTable({
  name: "logs",
  meaning: "what the agents stored",
  columns: COLUMNS,
  partitions: PARTITION_COLUMNS.map((name) => ({ name, type: "varchar", meaning: PARTITION_MEANINGS[name] })),
  timeColumns: ["ts", "ts_ns", "dt", "hour"],
  orderColumns: ["ts_ns", "file", "pos"],
  aws: null,
  view: null,
});
