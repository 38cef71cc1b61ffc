import type { SchemaIssue, SchemaSection, Settings } from '@dure/core';
import type { AnySaga } from '@dure/saga';

/** How long sagas that have ended are kept, in milliseconds: what the configuration says for all of a service, and by name. */
export interface ConfiguredRetention {
  readonly all: number | undefined;
  readonly of: Readonly<Record<string, number>>;
}

/** How long a service keeps its sagas, live. */
export interface SagaRetention {
  /** By name; those that nobody has said anything about are kept for as long as the database keeps any. */
  readonly sagasOfMs: Readonly<Record<string, number>>;
  follow(settings: Settings): void;
}

type Definition = Pick<AnySaga, 'name' | 'version' | 'keepFinishedMs'>;

const option = 'keepFinishedMs';
const milliseconds = { type: 'integer', minimum: 0 };

/**
 * What is said of one saga goes before what is said of all, and the configuration before the definition:
 * `dure.sagas.<name>.keep-finished-ms`, then `keepFinishedMs` of the newest version, then `dure.sagas.keep-finished-ms`.
 */
export function sagaRetention(definitions: readonly Definition[]): SagaRetention {
  const newest = definitions.toSorted((a, b) => a.version - b.version);
  const defined = new Map(newest.map(({ name, keepFinishedMs }) => [name, keepFinishedMs]));
  let sagasOfMs = keptBy(defined, { all: undefined, of: {} });
  return {
    get sagasOfMs() {
      return sagasOfMs;
    },
    follow(settings) {
      const configured = settings(sagasSection(definitions));
      const take = (now: ConfiguredRetention) => {
        sagasOfMs = keptBy(defined, now);
      };
      take(configured.current);
      configured.onChange(take);
    },
  };
}

/** The part of the configuration at `dure.sagas`: `keep-finished-ms` for all sagas of a service, `<name>.keep-finished-ms` for one. */
export function sagasSection(definitions: readonly Pick<Definition, 'name'>[]): SchemaSection<ConfiguredRetention> {
  const names = [...new Set(definitions.map(({ name }) => name))];
  const one = { type: 'object', properties: { [option]: milliseconds }, additionalProperties: false };
  const jsonSchema = () => ({
    type: 'object',
    properties: { [option]: milliseconds, ...Object.fromEntries(names.map((name) => [name, one])) },
    additionalProperties: false,
  });
  return {
    at: 'dure.sagas',
    isShared: true,
    schema: {
      '~standard': {
        version: 1,
        vendor: 'dure',
        validate(value) {
          const given = (value ?? {}) as Readonly<Record<string, unknown>>;
          const issues: SchemaIssue[] = [];
          const all = readMs(given[option], [option], issues);
          const of = names.flatMap((name) => {
            const ms = readMs(
              (given[name] as { readonly [option]?: unknown } | undefined)?.[option],
              [name, option],
              issues,
            );
            return ms === undefined ? [] : [[name, ms] as const];
          });
          return issues.length > 0 ? { issues } : { value: { all, of: Object.fromEntries(of) } };
        },
        jsonSchema: { input: jsonSchema, output: jsonSchema },
      },
    },
  };
}

function keptBy(
  defined: ReadonlyMap<string, number | undefined>,
  { all, of }: ConfiguredRetention,
): Readonly<Record<string, number>> {
  const kept = [...defined].map(([name, ms]) => [name, of[name] ?? ms ?? all] as const);
  return Object.fromEntries(kept.flatMap(([name, ms]) => (ms === undefined ? [] : [[name, ms]])));
}

function readMs(value: unknown, path: readonly string[], issues: SchemaIssue[]): number | undefined {
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0))
    return value as number | undefined;
  issues.push({ path, message: 'must be a whole number of milliseconds from 0', code: 'invalid_value' });
  return undefined;
}
