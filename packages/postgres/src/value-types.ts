import pg from 'pg';
import { postgresErrors } from './errors.ts';

/** How values come out of PostgreSQL: 64-bit integers as checked numbers, points in time as epoch milliseconds. */
export const valueTypes: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    const own = format === 'binary' ? undefined : parsers.get(oid);
    return own ?? pg.types.getTypeParser(oid, format);
  },
};

const int8 = 20;
const int8Array = 1016;
const timestamptz = 1184;
const timestamptzArray = 1185;
const date = 1082;
const dateArray = 1182;
/** The type as which every array can be read. */
const textArray: number = 1009;

const parsers = new Map<number, (text: string) => unknown>([
  [int8, wholeNumber],
  [int8Array, arrayOf(wholeNumber)],
  [timestamptz, epochMs],
  [timestamptzArray, arrayOf(epochMs)],
  [date, (text) => text],
  [dateArray, arrayOf((text) => text)],
]);

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw postgresErrors.NUMBER_UNSAFE(
    `a bigint column holds ${text}, which a JavaScript number cannot hold exactly (the limit is 2^53-1); select it as text: "column::text"`,
  );
}

/** `2026-11-20 08:52:01.123456+00`; the session's time zone is always UTC. */
function epochMs(text: string): number {
  if (text === 'infinity') return Number.POSITIVE_INFINITY;
  if (text === '-infinity') return Number.NEGATIVE_INFINITY;
  return Date.parse(`${text.slice(0, 10)}T${text.slice(11, 23).replace(/\+.*$/, '')}Z`);
}

function arrayOf(parse: (text: string) => unknown): (text: string) => unknown {
  const strings = pg.types.getTypeParser(textArray, 'text') as (text: string) => readonly (string | null)[];
  return (text) => strings(text).map((item) => (item === null ? null : parse(item)));
}
