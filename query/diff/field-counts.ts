/** Counts the values of fields in two windows: columns, and the fields of JSON messages. In bounded memory. */

/** Rows in the window before, and in the one after. */
export type Pair = [number, number];

export interface FieldCounts {
  /** Counts a row's value of a column. */
  addColumn(name: string, value: string | null, side: 0 | 1): void;
  /** Counts the fields of a message that is a JSON object, as `log.<key>`. */
  addMessage(message: string, side: 0 | 1): void;
  /** By field: those with few enough values to be compared. */
  finish(): ReadonlyMap<string, ReadonlyMap<string, Readonly<Pair>>>;
}

const FIELDS_MAX = 50;
/** A field with more values names single things: requests, orders, times. */
const FIELD_VALUES_MAX = 200;
/** Pods come and go. */
const COLUMN_VALUES_MAX = 5_000;
const VALUE_CHARS_MAX = 80;
const KEY = /^[A-Za-z_]\w{0,40}$/;

/** Nothing counted yet. */
export function createFieldCounts(): FieldCounts {
  const columns = new Map<string, Map<string, Pair>>();
  /** Null once there are too many values. */
  const fields = new Map<string, Map<string, Pair> | null>();
  const addField = (key: string, value: string, side: 0 | 1): void => {
    let values = fields.get(key);
    if (values === undefined && fields.size < FIELDS_MAX && KEY.test(key)) fields.set(key, (values = new Map()));
    if (values === undefined || values === null) return;
    if (!count(values, value, side, FIELD_VALUES_MAX)) fields.set(key, null);
  };
  return {
    addColumn(name, value, side) {
      if (value === null) return;
      let values = columns.get(name);
      if (values === undefined) columns.set(name, (values = new Map()));
      count(values, value, side, COLUMN_VALUES_MAX);
    },
    addMessage(message, side) {
      for (const [key, value] of Object.entries(objectOf(message) ?? {})) {
        const isScalar = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
        if (isScalar) addField(key, String(value).slice(0, VALUE_CHARS_MAX), side);
      }
    },
    finish() {
      const kept = Array.from(fields, ([key, values]) => [`log.${key}`, values] as const);
      return new Map([
        ...columns,
        ...kept.flatMap(([name, values]) => (values === null ? [] : [[name, values] as const])),
      ]);
    },
  };
}

/** False if there is no room for one more value. */
function count(values: Map<string, Pair>, value: string, side: 0 | 1, valuesMax: number): boolean {
  let pair = values.get(value);
  if (pair === undefined) {
    if (values.size >= valuesMax) return false;
    values.set(value, (pair = [0, 0]));
  }
  pair[side] += 1;
  return true;
}

function objectOf(message: string): object | null {
  try {
    const value: unknown = JSON.parse(message);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
