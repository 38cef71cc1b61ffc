import type { SchemaIssue, SchemaSection } from '@dure/core';

/** What the configuration puts in place of a rate limit; what it leaves out stays as the code says. */
export interface RateLimitOverride {
  readonly quota?: number;
  readonly windowSeconds?: number;
  readonly burst?: number;
}

/** Overrides by the names of limits, spelt as `plainName` spells them. */
export type RateLimitOverrides = ReadonlyMap<string, RateLimitOverride>;

const fields = new Map<string, keyof RateLimitOverride>([
  ['quota', 'quota'],
  ['windowseconds', 'windowSeconds'],
  ['burst', 'burst'],
]);

const json = { type: 'object', additionalProperties: true };

/**
 * `dure.gateway.rate-limits.<name>`, by the name of a limit as clients see it: `order.place` for what a contract declares, or
 * that of a policy in `gateway.ts`.
 */
export const rateLimitsSection: SchemaSection<RateLimitOverrides> = {
  at: 'dure.gateway.rate-limits',
  schema: {
    '~standard': {
      version: 1,
      vendor: 'dure',
      validate(value) {
        const issues: SchemaIssue[] = [];
        const found = new Map<string, RateLimitOverride>();
        read(recordOf(value), [], found, issues);
        return issues.length > 0 ? { issues } : { value: found };
      },
      jsonSchema: { input: () => json, output: () => json },
    },
  },
};

/** `place-order` and `placeOrder` are one name, as everywhere in a configuration. */
export function plainName(name: string): string {
  return name.replaceAll(/[-_]/g, '').toLowerCase();
}

/** Names have dots: what holds a value is a limit, what holds something else is the beginning of a name. */
function read(
  node: Readonly<Record<string, unknown>>,
  path: readonly string[],
  found: Map<string, RateLimitOverride>,
  issues: SchemaIssue[],
): void {
  const override: { -readonly [Field in keyof RateLimitOverride]: number } = {};
  const complain = (name: string, message: string) =>
    void issues.push({ path: [...path, name], message, code: 'invalid_value' });
  for (const [name, value] of Object.entries(node)) {
    if (typeof value === 'object' && value !== null) {
      read(recordOf(value), [...path, name], found, issues);
      continue;
    }
    const field = fields.get(plainName(name));
    if (field === undefined) complain(name, 'unknown; a rate limit has quota, window-seconds and burst');
    else if (!Number.isSafeInteger(value) || Number(value) < 1) complain(name, 'must be a whole number, at least 1');
    else override[field] ??= Number(value);
  }
  if (Object.keys(override).length > 0) found.set(plainName(path.join('.')), override);
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
