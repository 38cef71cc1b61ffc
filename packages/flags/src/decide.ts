import type { Identity } from '@dure/core';
import type { Flag } from './flag.ts';
import type { FlagRule, FlagRules } from './flag-rules.ts';
import { placeOf, placesOf } from './place-of.ts';

/** Why a flag is what it is, by the names of OpenFeature. */
export type FlagReason =
  /** The configuration says it for everybody. */
  | 'STATIC'
  /** A rule is for this caller. */
  | 'TARGETING_MATCH'
  /** A rule is for a share of the callers, and this is one of them. */
  | 'SPLIT'
  /** No rule is for this caller, or nobody has configured anything. */
  | 'DEFAULT';

/** What a flag is for somebody, and why. */
export interface Decision<T> {
  readonly value: T;
  /** A name for it, one of few: the value itself where those are few, else where it comes from: `default`, `value`, `rule 1`. */
  readonly variant: string;
  readonly reason: FlagReason;
  /** The rule that decided, counted from 0. */
  readonly rule?: number;
}

/** Who asks. */
export interface Asker {
  /** The user at the start of the chain of calls. */
  readonly user: Identity | undefined;
  /** Tells callers apart that are no users. */
  readonly key: string | undefined;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

/** A flag with its rules, ready to be asked. */
export interface DecidingFlag<T> {
  readonly flag: Flag<T>;
  decide(asker: Asker): Decision<T>;
}

/** Makes a flag ready: nothing is left to be worked out when it is asked but who asks. */
export function decidingFlag<T>(flag: Flag<T>, { value, rules }: FlagRules): DecidingFlag<T> {
  const places = placesOf(flag.name);
  const made = (is: T, from: string, reason: FlagReason, rule?: number): Decision<T> =>
    Object.freeze({
      value: is,
      variant: flag.variants === undefined ? from : String(is),
      reason,
      ...(rule === undefined ? {} : { rule }),
    });
  const steps = rules.map((rule, index) => {
    const reason = rule.percent === undefined ? 'TARGETING_MATCH' : 'SPLIT';
    return { rule, decision: made(rule.value as T, `rule ${index}`, reason, index) };
  });
  const rest =
    value === undefined
      ? made(flag.default, 'default', 'DEFAULT')
      : made(value.is as T, 'value', rules.length === 0 ? 'STATIC' : 'DEFAULT');
  return {
    flag,
    decide(asker) {
      for (const { rule, decision } of steps) if (isFor(rule, asker, places)) return decision;
      return rest;
    },
  };
}

function isFor({ users, roles, where, percent }: FlagRule, { user, key, attributes }: Asker, places: number): boolean {
  if (users !== undefined && (user === undefined || !users.has(user.subject))) return false;
  if (roles !== undefined && user?.roles.some((role) => roles.has(role)) !== true) return false;
  for (const [name, values] of where) {
    if (!Object.hasOwn(attributes, name) || !values.has(String(attributes[name]))) return false;
  }
  if (percent === undefined) return true;
  const counted = user?.subject ?? key;
  return counted !== undefined && placeOf(places, counted) < percent;
}
