import type { JsonSchema } from '@dure/core';
import type { SchemaGap } from './schema-gap.ts';

/** A lower bound must not be lower where it is written; an upper one not higher. */
export function limitGaps(
  written: JsonSchema,
  read: JsonSchema,
  path: string,
  bounds: Readonly<Record<string, 'least' | 'most'>>,
): readonly SchemaGap[] {
  return Object.entries(bounds).flatMap(([key, side]) => {
    const [given, taken] = [written[key], read[key]];
    if (typeof taken !== 'number') return [];
    const holds = typeof given === 'number' && (side === 'least' ? given >= taken : given <= taken);
    const said = (bound: unknown) => `${key} ${typeof bound === 'number' ? bound : 'unlimited'}`;
    return holds ? [] : [{ path, rule: 'limit' as const, written: said(given), read: said(taken) }];
  });
}

/** What of texts may be written and is not read. */
export function stringGaps(written: JsonSchema, read: JsonSchema, path: string): readonly SchemaGap[] {
  const limits = limitGaps(written, read, path, { minLength: 'least', maxLength: 'most' });
  const same = (['format', 'pattern'] as const).flatMap((rule) =>
    read[rule] === undefined || read[rule] === written[rule]
      ? []
      : [{ path, rule, written: String(written[rule] ?? 'any text'), read: String(read[rule]) }],
  );
  // A format and the pattern that says it are one change.
  return [...limits, ...same.slice(0, 1)];
}

/** What of numbers may be written and is not read. */
export function numberGaps(written: JsonSchema, read: JsonSchema, path: string): readonly SchemaGap[] {
  return [
    ...boundGaps(written, read, path, 'least'),
    ...boundGaps(written, read, path, 'most'),
    ...stepGaps(written, read, path),
  ];
}

/** Of an inclusive and an exclusive bound the tighter one counts. */
function boundGaps(written: JsonSchema, read: JsonSchema, path: string, side: 'least' | 'most'): readonly SchemaGap[] {
  const given = boundOf(written, side);
  const taken = boundOf(read, side);
  if (taken === undefined) return [];
  const holds =
    given !== undefined &&
    (given.at === taken.at
      ? given.exclusive || !taken.exclusive
      : side === 'least'
        ? given.at > taken.at
        : given.at < taken.at);
  if (holds) return [];
  const said = (bound: Bound | undefined) =>
    bound === undefined ? 'no limit' : `${side === 'least' ? '>' : '<'}${bound.exclusive ? '' : '='} ${bound.at}`;
  return [{ path, rule: 'limit', written: said(given), read: said(taken) }];
}

interface Bound {
  readonly at: number;
  readonly exclusive: boolean;
}

function boundOf(schema: JsonSchema, side: 'least' | 'most'): Bound | undefined {
  const [inclusive, exclusive] =
    side === 'least' ? [schema.minimum, schema.exclusiveMinimum] : [schema.maximum, schema.exclusiveMaximum];
  const bounds: Bound[] = [];
  if (typeof inclusive === 'number') bounds.push({ at: inclusive, exclusive: false });
  if (typeof exclusive === 'number') bounds.push({ at: exclusive, exclusive: true });
  const [first, second] = bounds;
  if (first === undefined || second === undefined) return first;
  const isTighter = side === 'least' ? second.at >= first.at : second.at <= first.at;
  return isTighter ? second : first;
}

function stepGaps(written: JsonSchema, read: JsonSchema, path: string): readonly SchemaGap[] {
  const { multipleOf: step } = read;
  if (typeof step !== 'number') return [];
  const given =
    typeof written.multipleOf === 'number' ? written.multipleOf : written.type === 'integer' ? 1 : undefined;
  if (given !== undefined && Number.isInteger(given / step)) return [];
  const said = given === undefined ? 'any number' : `multiples of ${given}`;
  return [{ path, rule: 'limit', written: said, read: `multiples of ${step}` }];
}
