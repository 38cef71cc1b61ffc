import type { Schema } from '@dure/core';
import type { CommandType } from '../command.ts';
import type { EventType } from '../event.ts';
import { event } from '../event.ts';

/** A validator without a library: an object whose fields have the given types. */
function shape<T>(fields: Readonly<Record<string, 'string' | 'number'>>): Schema<T, T> {
  return {
    '~standard': {
      version: 1,
      vendor: 'dure-testing',
      validate(value) {
        const from = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
        const issues = Object.entries(fields)
          .filter(([name, type]) => typeof from[name] !== type)
          .map(([name, type]) => ({ message: `expected ${type}`, path: [name], code: 'invalid_type' }));
        return issues.length === 0 ? { value: value as T } : { issues };
      },
    },
  };
}

/** An event to test with. */
export const noted: EventType<'test.noted', { key: string; count: number }> = event('test.noted', {
  schema: shape<{ key: string; count: number }>({ key: 'string', count: 'number' }),
  key: (data) => data.key,
});

/** One whose data may be large. */
export const largeNoted: EventType<'test.largeNoted', { key: string; text: string }> = event('test.largeNoted', {
  schema: shape<{ key: string; text: string }>({ key: 'string', text: 'string' }),
  key: (data) => data.key,
  large: true,
});

/** Another. */
export const ignored: EventType<'test.ignored', { key: string }> = event('test.ignored', {
  schema: shape<{ key: string }>({ key: 'string' }),
  key: (data) => data.key,
});

/** A command to test with; the service `other` carries it out. */
export const doIt: CommandType<'doIt', { key: string }> = {
  kind: 'command',
  service: 'other',
  name: 'doIt',
  input: shape<{ key: string }>({ key: 'string' }),
  output: undefined,
  refuses: {},
  key: (input) => input.key,
  sensitive: [],
};
