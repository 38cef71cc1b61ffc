import type { Checked, JsonSchema, Schema } from '@dure/core';
import { check, jsonSchemaOf } from '@dure/core';
import { flagsErrors } from './errors.ts';

/** A feature flag: what it can be, and what it is where nobody says anything. A value; rules come from the configuration. */
export interface Flag<T> {
  readonly kind: 'flag';
  /** `expressDelivery`; `dure.flags.express-delivery` in the configuration. */
  readonly name: string;
  readonly default: T;
  /** All that it can be, where that is a short list. */
  readonly variants: readonly T[] | undefined;
  /** The form of its value. */
  readonly json: JsonSchema;
  /** Holds a configured value against that form. */
  check(value: unknown): Checked<T>;
}

/** A flag that is on or off. */
export interface SwitchOptions {
  readonly default: boolean;
}

/** A flag that is one of several named variants. */
export interface VariantOptions<V extends string> {
  readonly variants: readonly V[];
  readonly default: NoInfer<V>;
}

/** A flag that is a number. */
export interface NumberOptions {
  readonly default: number;
  readonly least?: number;
  readonly most?: number;
}

/** A flag that is whatever a schema describes. */
export interface SchemaOptions<T> {
  readonly schema: Schema<never, T> | Schema<unknown, T>;
  readonly default: T;
}

const mostVariants = 20;

/**
 * Declares a feature flag. FLAGS_DECLARATION_INVALID when its name or its default cannot be.
 *
 * @example
 * const expressDelivery = flag('expressDelivery', { default: false });
 * const checkoutLayout = flag('checkoutLayout', { variants: ['classic', 'compact'], default: 'classic' });
 * const freeShippingFrom = flag('freeShippingFrom', { default: 50_000, least: 0 });
 */
export function flag(name: string, options: SwitchOptions): Flag<boolean>;
/** One that is a number. */
export function flag(name: string, options: NumberOptions): Flag<number>;
/** One that is one of several variants. */
export function flag<const V extends string>(name: string, options: VariantOptions<V>): Flag<V>;
/** One that is whatever its schema takes. */
export function flag<T>(name: string, options: SchemaOptions<T>): Flag<T>;
/** Any of these. */
export function flag(
  name: string,
  options: SwitchOptions | NumberOptions | VariantOptions<string> | SchemaOptions<unknown>,
): Flag<unknown> {
  if (!/^[a-z][A-Za-z0-9]{0,62}$/.test(name))
    throw refused(name, 'its name must be camelCase: letters and digits, at most 63');
  const form = formOf(name, options);
  const checked = form.check(options.default);
  if (!checked.ok) throw refused(name, `its default ${checked.errors.map(({ message }) => message).join('; ')}`);
  return { kind: 'flag', name, default: options.default, ...form };
}

type Form = Pick<Flag<unknown>, 'variants' | 'json' | 'check'>;

function formOf(name: string, options: Parameters<typeof formOfOwn>[1] | SchemaOptions<unknown>): Form {
  if (!('schema' in options)) return formOfOwn(name, options);
  const { schema } = options;
  return {
    variants: undefined,
    json: jsonSchemaOf(schema as Schema, 'input', `the flag ${name}`),
    check: (value) => check(schema, value),
  };
}

function formOfOwn(name: string, options: SwitchOptions | NumberOptions | VariantOptions<string>): Form {
  if ('variants' in options) {
    const { variants } = options;
    if (variants.length < 1 || variants.length > mostVariants || new Set(variants).size < variants.length)
      throw refused(name, `it must have 1 to ${mostVariants} different variants`);
    const json = { type: 'string', enum: variants };
    const isOne = (value: unknown) => variants.some((variant) => variant === value);
    return { variants, json, check: checker(isOne, `must be one of its variants, ${variants.join(', ')}`) };
  }
  if (typeof options.default === 'boolean') {
    const isSwitch = (value: unknown) => typeof value === 'boolean';
    return { variants: [false, true], json: { type: 'boolean' }, check: checker(isSwitch, 'must be true or false') };
  }
  const { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = options as NumberOptions;
  const isWithin = (value: unknown) => typeof value === 'number' && value >= least && value <= most;
  return {
    variants: undefined,
    json: { type: 'number' },
    check: checker(isWithin, `must be a number${rangeText(least, most)}`),
  };
}

function checker(fits: (value: unknown) => boolean, message: string): Form['check'] {
  return (value) =>
    fits(value) ? { ok: true, value } : { ok: false, errors: [{ path: '', code: 'invalid_value', message }] };
}

function rangeText(least: number, most: number): string {
  const from = Number.isFinite(least) ? ` from ${least}` : '';
  return Number.isFinite(most) ? `${from} to ${most}` : from;
}

function refused(name: string, why: string): Error {
  return flagsErrors.DECLARATION_INVALID(`the flag "${name}" is declared wrongly: ${why}`, { details: { flag: name } });
}
