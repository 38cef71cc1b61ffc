/** A value or, where there is none, undefined. */
type Maybe<T> = T | undefined;

const headLength = 20;
const oids = { int4: 23, text: 25, float8: 701, jsonb: 3802 } as const;
/** The version of jsonb's binary format, which is a text otherwise. */
const jsonbVersion = 1;

// Parameters that are arrays of one dimension, as `array_send` writes them (PostgreSQL: src/backend/utils/adt/arrayfuncs.c): the server takes them
// apart without looking for quotes. pg sends a Buffer in binary format.

/** An `int4[]`. */
export function int4Array(values: readonly number[]): Buffer {
  const array = headOf(oids.int4, values.length, values.length * 8);
  let at = headLength;
  for (const value of values) at = array.writeInt32BE(value, array.writeInt32BE(4, at));
  return array;
}

/** A `float8[]`. */
export function float8Array(values: readonly number[]): Buffer {
  const array = headOf(oids.float8, values.length, values.length * 12);
  let at = headLength;
  for (const value of values) at = array.writeDoubleBE(value, array.writeInt32BE(8, at));
  return array;
}

/** A `text[]`. What no UTF-8 can say is written so that the server refuses it (22021), and not as another text. */
export function textArray(values: readonly Maybe<string>[]): Buffer {
  return stringArray(
    oids.text,
    values.map((value) => (value?.isWellFormed() === false ? '\0' : value)),
  );
}

/** A `jsonb[]` of JSON texts. */
export function jsonbArray(values: readonly string[]): Buffer {
  return stringArray(oids.jsonb, values);
}

function stringArray(oid: number, values: readonly Maybe<string>[]): Buffer {
  const version = oid === oids.jsonb ? 1 : 0;
  // No character of UTF-16 needs more than three bytes.
  const most = values.reduce((sum, value) => sum + 4 + version + 3 * (value?.length ?? 0), 0);
  const array = headOf(oid, values.length, most);
  let at = headLength;
  for (const value of values) {
    if (value === undefined) {
      at = array.writeInt32BE(-1, at);
      array.writeInt32BE(1, 4); // There are nulls.
      continue;
    }
    const begin = at + 4;
    if (version > 0) array[begin] = jsonbVersion;
    const length = version + array.write(value, begin + version);
    array.writeInt32BE(length, at);
    at = begin + length;
  }
  return array.subarray(0, at);
}

function headOf(oid: number, length: number, bytes: number): Buffer {
  const array = Buffer.alloc(length === 0 ? 12 : headLength + bytes);
  array.writeInt32BE(oid, 8);
  if (length === 0) return array;
  array.writeInt32BE(1, 0); // Dimensions.
  array.writeInt32BE(length, 12);
  array.writeInt32BE(1, 16); // Counted from 1.
  return array;
}
