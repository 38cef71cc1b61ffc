import { isSecretKey, masked } from '@dure/telemetry';
import type { Values } from '../store/telemetry-store.port.ts';
import { asList, asObject, asText } from './json.ts';

const maxAttributes = 128;
const maxDepth = 6;
const longestText = 4_096;

/** An OTLP AnyValue as plain data; null when it is empty or unknown. */
export function plainValue(value: unknown, depth = 0): unknown {
  const given = asObject(value);
  if (given === undefined || depth > maxDepth) return null;
  if (typeof given.stringValue === 'string') return asText(given.stringValue, longestText) ?? '';
  if (typeof given.boolValue === 'boolean') return given.boolValue;
  if (given.intValue !== undefined) return wholeNumber(given.intValue) ?? asText(given.intValue) ?? null;
  if (typeof given.doubleValue === 'number') return given.doubleValue;
  if (typeof given.bytesValue === 'string') return asText(given.bytesValue, longestText) ?? '';
  const items = asList(asObject(given.arrayValue)?.values);
  if (items !== undefined) return items.slice(0, maxAttributes).map((item) => plainValue(item, depth + 1));
  const pairs = asObject(given.kvlistValue)?.values;
  return pairs === undefined ? null : plainFields(pairs, depth + 1);
}

/** A list of OTLP KeyValues as plain data, secrets masked. */
export function plainFields(list: unknown, depth = 0): Record<string, unknown> {
  const fields: [string, unknown][] = [];
  for (const item of (asList(list) ?? []).slice(0, maxAttributes)) {
    const pair = asObject(item);
    const key = asText(pair?.key);
    if (pair === undefined || key === undefined || key === '') continue;
    fields.push([key, isSecretKey(key) ? masked : plainValue(pair.value, depth)]);
  }
  return Object.fromEntries(fields);
}

/** The same, with whatever is not text, number or boolean written as JSON. */
export function flatValues(fields: Readonly<Record<string, unknown>>): Values {
  const flat = Object.entries(fields).map(([key, value]) => {
    if (typeof value === 'string' || typeof value === 'boolean') return [key, value] as const;
    if (typeof value === 'number' && Number.isFinite(value)) return [key, value] as const;
    return [key, value === null ? '' : JSON.stringify(value)] as const;
  });
  return Object.fromEntries(flat);
}

/** Nanoseconds since the epoch, as decimal text or a number, in whole microseconds. */
export function microseconds(nanoseconds: unknown): number | undefined {
  if (typeof nanoseconds === 'number') {
    return Number.isFinite(nanoseconds) && nanoseconds >= 0 ? inRange(Math.floor(nanoseconds / 1_000)) : undefined;
  }
  if (typeof nanoseconds !== 'string' || !/^\d{1,20}$/.test(nanoseconds)) return undefined;
  return inRange(Number(nanoseconds.slice(0, -3)));
}

const latestUs = Date.UTC(2200, 0, 1) * 1_000;

function inRange(us: number): number | undefined {
  return us <= latestUs ? us : undefined;
}

function wholeNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^-?\d{1,19}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined;
}
