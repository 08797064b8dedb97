import type { FieldType } from "../../config/parser-config.ts";
import type { LogRecord } from "../record.ts";
import { wholeNumber } from "./json.ts";

/**
 * Gives texts of fields their types, in place, as C's functions do for Fluent Bit: a number is what the text begins with, 0
 * if that is none; what is neither true nor false stays text.
 */
export function createTypecast(types: readonly FieldType[]): ((fields: LogRecord) => void) | null {
  if (types.length === 0) return null;
  // Of a field that is named twice the first type counts.
  const byKey = new Map(types.toReversed().map(({ key, type }) => [key, type]));
  return (fields) => {
    for (const [key, type] of byKey) {
      const value = fields[key];
      if (typeof value === "string") fields[key] = castTo(type, value);
    }
  };
}

function castTo(type: FieldType["type"], text: string): unknown {
  switch (type) {
    case "integer": {
      const match = /^\s*([+-]?)0*(\d+)/.exec(text);
      return match === null ? 0 : clamped(BigInt(match[2]!) * (match[1] === "-" ? -1n : 1n));
    }
    case "hex": {
      const match = /^\s*(?:0x)?0*([0-9a-f]+)/i.exec(text);
      if (match === null) return 0;
      return wholeNumber((match[1]!.length > 16 ? UINT64_MAX : BigInt(`0x${match[1]}`)).toString());
    }
    case "float": {
      const match = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/i.exec(text);
      return match === null ? 0 : Number(match[0]);
    }
    case "bool":
      return /^true/i.test(text) ? true : /^false/i.test(text) ? false : text;
    default:
      return text;
  }
}

const UINT64_MAX = 2n ** 64n - 1n;
const INT64_MAX = 2n ** 63n - 1n;

function clamped(value: bigint): unknown {
  const [least, most] = [-INT64_MAX - 1n, INT64_MAX];
  return wholeNumber((value < least ? least : value > most ? most : value).toString());
}
