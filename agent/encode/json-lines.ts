import type { ObjectEncoder } from "./encoder.ts";
/** to be written */
export function createJsonLinesEncoder(_: { compression: string }): ObjectEncoder { throw new Error("not yet"); }
