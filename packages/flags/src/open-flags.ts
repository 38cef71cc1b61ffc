import type { Call, Live } from '@dure/core';
import { userOf } from '@dure/core';
import type { Asker, DecidingFlag, Decision } from './decide.ts';
import { decidingFlag } from './decide.ts';
import { flagsErrors } from './errors.ts';
import type { Flag } from './flag.ts';
import type { RulesByFlag } from './flags-section.ts';

/** What a call does not say about whoever asks. */
export interface FlagContext {
  /** Tells callers apart that nobody has signed in as, such as the id of a cart; a user's own id comes first. */
  readonly key?: string | undefined;
  /** What rules may ask for by `where`. */
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
}

/** A service's feature flags. Asking costs no I/O; all that is asked within one call is answered by the same rules. */
export interface Flags {
  /** FLAGS_UNDECLARED when the service does not list the flag. */
  isOn(flag: Flag<boolean>, call: Call, context?: FlagContext): boolean;
  /** FLAGS_UNDECLARED when the service does not list the flag. */
  value<T>(flag: Flag<T>, call: Call, context?: FlagContext): T;
  /** The value and what decided on it. FLAGS_UNDECLARED when the service does not list the flag. */
  decide<T>(flag: Flag<T>, call: Call, context?: FlagContext): Decision<T>;
}

/** Flags, and what whoever runs them sees. */
export interface OpenFlags extends Flags {
  /** What a flag is at the moment for somebody who does not call; undefined for an unknown flag. It is not counted. */
  preview(name: string, asker: Asker): Decision<unknown> | undefined;
}

export interface OpenFlagsOptions {
  readonly flags: readonly Flag<unknown>[];
  readonly rules: Live<RulesByFlag>;
  /** Is told of every answer. */
  readonly observe?: (flag: string, decision: Decision<unknown>) => void;
}

type Deciding = ReadonlyMap<string, DecidingFlag<unknown>>;

const noAttributes = {};

/**
 * Opens flags over rules that may change: a call that is under way keeps those with which it asked first.
 *
 * @example
 * const flags = openFlags({ flags: [expressDelivery], rules: live(sectionDefault(flagsSection([expressDelivery]))) });
 * if (flags.isOn(expressDelivery, call)) …
 */
export function openFlags({ flags, rules, observe = () => {} }: OpenFlagsOptions): OpenFlags {
  const ready = (by: RulesByFlag): Deciding =>
    new Map(flags.map((one) => [one.name, decidingFlag(one, by.get(one.name) ?? { value: undefined, rules: [] })]));
  let now = ready(rules.current);
  rules.onChange((changed) => {
    now = ready(changed);
  });
  /** By what all copies of a call share. */
  const pinned = new WeakMap<object, Deciding>();
  const rulesOf = ({ fallbacks }: Call): Deciding => {
    const known = pinned.get(fallbacks);
    if (known !== undefined) return known;
    pinned.set(fallbacks, now);
    return now;
  };
  const decide = <T>(flag: Flag<T>, call: Call, { key, attributes = noAttributes }: FlagContext = {}): Decision<T> => {
    const deciding = rulesOf(call).get(flag.name);
    if (deciding?.flag !== flag) throw undeclared(flag.name, flags);
    const decision = deciding.decide({ user: userOf(call.identity), key, attributes });
    observe(flag.name, decision);
    return decision as Decision<T>;
  };
  return {
    decide,
    isOn: (flag, call, context) => decide(flag, call, context).value,
    value: (flag, call, context) => decide(flag, call, context).value,
    preview: (name, asker) => now.get(name)?.decide(asker),
  };
}

function undeclared(name: string, flags: readonly Flag<unknown>[]): Error {
  const known = flags.map((one) => one.name).join(', ') || 'none';
  return flagsErrors.UNDECLARED(`the flag "${name}" is none of the service's \`flags\`; those are ${known}`, {
    details: { flag: name },
  });
}
