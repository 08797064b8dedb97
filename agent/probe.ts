/**
 * Where a shipment stands, or the release of a file (`burying`: its tombstone is durable, its link still there). The agent does nothing with it; tests end the process at a chosen point to prove that a crash
 * there neither loses nor repeats a record.
 */
export type ProbePoint = "sealed" | "journaled" | "publishing" | "published" | "committed" | "burying";

export type Probe = (point: ProbePoint) => void;
