import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messages } from './messages.ts';

test('the console says everything in both languages', () => {
  assert.deepEqual(paths(messages.ko), paths(messages.en));
  for (const language of [messages.en, messages.ko]) assert.deepEqual(silent(language), []);
});

function paths(texts: object, prefix = ''): readonly string[] {
  return Object.entries(texts).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null
      ? paths(value, `${prefix}${key}.`)
      : [`${prefix}${key}:${typeof value}`],
  );
}

function silent(texts: object, prefix = ''): readonly string[] {
  return Object.entries(texts).flatMap(([key, value]: [string, unknown]) => {
    if (typeof value === 'object' && value !== null) return silent(value, `${prefix}${key}.`);
    const said: unknown = typeof value === 'function' ? value(1, 2, 3, 4) : value;
    return typeof said === 'string' && said.trim() !== '' ? [] : [`${prefix}${key}`];
  });
}
