import type { FieldError, SchemaIssue } from '@dure/core';
import type { Flag } from './flag.ts';

/** One rule of a flag; all that it states must hold of whoever asks. */
export interface FlagRule {
  readonly value: unknown;
  /** Ids of users. */
  readonly users: ReadonlySet<string> | undefined;
  /** Any of these roles. */
  readonly roles: ReadonlySet<string> | undefined;
  /** Of each attribute, any of these values. */
  readonly where: readonly (readonly [string, ReadonlySet<string>])[];
  /** The share of all users, 0 to 100: those whose place is below it. Undefined: all. */
  readonly percent: number | undefined;
}

/** What the configuration says of one flag. */
export interface FlagRules {
  /** What holds where no rule does; undefined: what the code says. */
  readonly value: { readonly is: unknown } | undefined;
  readonly rules: readonly FlagRule[];
}

/** A rule costs every evaluation that it does not decide. */
const mostRules = 50;

/** The JSON Schema of what may stand below `dure.flags.<name>`. */
export function rulesJson({ json: value }: Flag<unknown>): Readonly<Record<string, unknown>> {
  const texts = { type: 'array', items: { type: 'string' } };
  const rule = {
    type: 'object',
    properties: {
      value,
      users: texts,
      roles: texts,
      where: { type: 'object', additionalProperties: texts },
      percent: { type: 'number' },
    },
    additionalProperties: false,
  };
  return {
    type: 'object',
    properties: { value, rules: { type: 'array', items: rule } },
    additionalProperties: false,
  };
}

/** Reads what is configured for a flag; every mistake becomes an issue. */
export function readRules(flag: Flag<unknown>, given: unknown, issues: SchemaIssue[]): FlagRules {
  const { value, rules = [] } = recordOf(given);
  const at = (path: readonly string[], message: string) =>
    void issues.push({ path: [flag.name, ...path], message, code: 'invalid_value' });
  const checkedValue = (wanted: unknown, path: readonly string[]): unknown => {
    const checked = flag.check(wanted);
    if (checked.ok) return checked.value;
    for (const { path: below, message } of checked.errors as readonly FieldError[])
      at(below === '' ? path : [...path, ...below.split('.')], message);
    return undefined;
  };
  if (!Array.isArray(rules)) {
    at(['rules'], 'must be a list; begin each rule with "- "');
    return { value: undefined, rules: [] };
  }
  if (rules.length > mostRules) at(['rules'], `has ${rules.length} rules, but may have ${mostRules}`);
  return {
    value: value === undefined ? undefined : { is: checkedValue(value, ['value']) },
    rules: rules.slice(0, mostRules).map((rule: unknown, index): FlagRule => {
      const { value: wanted, users, roles, where, percent } = recordOf(rule);
      const path = ['rules', String(index)];
      if (wanted === undefined) at([...path, 'value'], 'must say what the flag is for those that the rule is for');
      if (percent !== undefined && !(typeof percent === 'number' && percent >= 0 && percent <= 100))
        at([...path, 'percent'], 'must be a number from 0 to 100');
      return {
        value: wanted === undefined ? undefined : checkedValue(wanted, [...path, 'value']),
        users: textsOf(users),
        roles: textsOf(roles),
        where: Object.entries(recordOf(where)).map(([name, values]) => [name, textsOf(values) ?? new Set()]),
        percent: percent as number | undefined,
      };
    }),
  };
}

function textsOf(values: unknown): ReadonlySet<string> | undefined {
  if (values === undefined) return undefined;
  return new Set((Array.isArray(values) ? values : [values]).map(String));
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
