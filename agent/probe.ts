/**
 * Where a shipment stands. The agent does nothing with it; tests end the process at a chosen point to prove that a crash
 * there neither loses nor repeats a record.
 */
export type ProbePoint = "sealed" | "journaled" | "publishing" | "published" | "committed" | "buried";

export type Probe = (point: ProbePoint) => void;
