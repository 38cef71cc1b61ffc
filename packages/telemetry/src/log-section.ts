import type { Schema, SchemaIssue, SchemaSection } from '@dure/core';
import type { LoggerLevel, LogSettings } from './log-levels.ts';

/** Spring Boot's names beside ours. */
const levels: Readonly<Record<string, LoggerLevel>> = {
  trace: 'debug',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
  fatal: 'error',
  off: 'off',
  false: 'off', // what older YAML makes of `off`
};

/** The level of that name, in either case; undefined when there is none. */
export function loggerLevel(name: unknown): LoggerLevel | undefined {
  const known = String(name).toLowerCase();
  return Object.hasOwn(levels, known) ? levels[known] : undefined;
}

const level = { type: ['string', 'boolean'] };

/** `dure.log.level`, and `dure.log.levels.<name>` of a service or one of its parts. */
export const logSection: SchemaSection<LogSettings> = {
  at: 'dure.log',
  schema: levelSchema(
    {
      type: 'object',
      properties: { level, levels: { type: 'object', additionalProperties: level } },
      additionalProperties: false,
    },
    (value, read) => {
      const root = value.level === undefined ? undefined : read(value.level, ['level']);
      return { ...(root === undefined ? {} : { level: root }), levels: namedLevels(value.levels, ['levels'], read) };
    },
  ),
};

/** `logging.level.root` and `logging.level.<name>`, as Spring Boot has them; names of classes mean nobody here. */
export const springLogSection: SchemaSection<LogSettings> = {
  at: 'logging.level',
  schema: levelSchema({ type: 'object', additionalProperties: true }, (value, read) => {
    const { root, ROOT = root, ...others } = namedLevels(value, [], read);
    return { ...(ROOT === undefined ? {} : { level: ROOT }), levels: others };
  }),
};

type ReadLevel = (value: unknown, path: readonly string[]) => LoggerLevel | undefined;

function levelSchema(
  json: Readonly<Record<string, unknown>>,
  settingsOf: (value: Readonly<Record<string, unknown>>, read: ReadLevel) => LogSettings,
): Schema<unknown, LogSettings> {
  const jsonSchema = () => ({ ...json });
  return {
    '~standard': {
      version: 1,
      vendor: 'dure',
      validate(value) {
        const issues: SchemaIssue[] = [];
        const settings = settingsOf(recordOf(value), (text, path) => {
          const found = loggerLevel(text);
          if (found === undefined)
            issues.push({ path, message: 'must be debug, info, warn, error or off', code: 'invalid_value' });
          return found;
        });
        return issues.length > 0 ? { issues } : { value: settings };
      },
      jsonSchema: { input: jsonSchema, output: jsonSchema },
    },
  };
}

function namedLevels(value: unknown, path: readonly string[], read: ReadLevel): Record<string, LoggerLevel> {
  const found: Record<string, LoggerLevel> = {};
  for (const [name, text] of Object.entries(recordOf(value))) {
    if (typeof text === 'object' && text !== null) continue; // a name with dots, which is no logger of ours
    const one = read(text, [...path, name]);
    if (one !== undefined) found[name] = one;
  }
  return found;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
