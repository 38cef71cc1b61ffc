import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldValue, fieldValues, withField, withoutField } from './field-lines.ts';

const lines = 'Accept: text/html\r\nx-tag: a\r\nX-Tag:b\r\nx-tagged: c\r\n';

test('fields are found whatever the case of their names, and no other field that begins alike', () => {
  assert.deepEqual(fieldValues(lines, 'X-TAG'), ['a', 'b']);
  assert.equal(fieldValue(lines, 'accept'), 'text/html');
  assert.equal(fieldValue(lines, 'accep'), undefined);
});

test('a field is added at the end and taken away everywhere', () => {
  assert.deepEqual(fieldValues(withField(lines, 'x-tag', 'd'), 'x-tag'), ['a', 'b', 'd']);
  assert.equal(withoutField(lines, 'x-tag'), 'Accept: text/html\r\nx-tagged: c\r\n');
});
