import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isViaName, timesVia, viaField } from './via.ts';

test('Via counts how often a request came by, by exactly that name', () => {
  assert.equal(timesVia('1.1 dure, HTTP/1.1 dure ,2 other, 1.1 dure-2, 1.0  dure', 'dure'), 3);
  assert.equal(timesVia('', 'dure'), 0);
});

test('Via goes on with one step more, unless it is not well-formed', () => {
  assert.equal(viaField(undefined, 'dure'), '1.1 dure');
  assert.equal(
    viaField('1.0 fred, HTTP/1.1 p.example.net:80', 'dure'),
    '1.0 fred, HTTP/1.1 p.example.net:80, 1.1 dure',
  );
  for (const bad of ['fred', '1.1 a b', '1.1 a (comment)', ',', '1.1 a,'])
    assert.equal(viaField(bad, 'dure'), '1.1 dure', bad);
});

test('a name in Via is a word', () => {
  assert.deepEqual(['dure', 'edge-7.eu', 'a b', 'a,b', ''].map(isViaName), [true, true, false, false, false]);
});
