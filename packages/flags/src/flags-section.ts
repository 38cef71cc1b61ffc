import type { SchemaIssue, SchemaSection } from '@dure/core';
import { flagsErrors } from './errors.ts';
import type { Flag } from './flag.ts';
import type { FlagRules } from './flag-rules.ts';
import { readRules, rulesJson } from './flag-rules.ts';

/** The rules of all flags of a service, by their names. */
export type RulesByFlag = ReadonlyMap<string, FlagRules>;

/**
 * The part of the configuration at `dure.flags` that is for these flags; a rule that does not fit one of them refuses the
 * whole. FLAGS_DECLARATION_INVALID when two of them have one name.
 */
export function flagsSection(flags: readonly Flag<unknown>[]): SchemaSection<RulesByFlag> {
  const twice = flags.find(({ name }, index) => flags.findIndex((other) => other.name === name) !== index);
  if (twice !== undefined)
    throw flagsErrors.DECLARATION_INVALID(`two flags have the name "${twice.name}"`, { details: { flag: twice.name } });
  const jsonSchema = () => ({
    type: 'object',
    properties: Object.fromEntries(flags.map((one) => [one.name, rulesJson(one)])),
    additionalProperties: false,
  });
  return {
    at: 'dure.flags',
    isShared: true,
    schema: {
      '~standard': {
        version: 1,
        vendor: 'dure',
        validate(value) {
          const given = (value ?? {}) as Readonly<Record<string, unknown>>;
          const issues: SchemaIssue[] = [];
          const rules = new Map(flags.map((one) => [one.name, readRules(one, given[one.name], issues)]));
          return issues.length > 0 ? { issues } : { value: rules };
        },
        jsonSchema: { input: jsonSchema, output: jsonSchema },
      },
    },
  };
}
