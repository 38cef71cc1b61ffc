import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from './nearest.ts';

const commands = ['up', 'down', 'status', 'logs', 'verify'];

test('a slip of the finger is recognised', () => {
  assert.equal(nearest('statsu', commands), 'status');
  assert.equal(nearest('verfiy', commands), 'verify');
  assert.equal(nearest('donw', commands), 'down');
  assert.equal(nearest('log', commands), 'logs');
  assert.equal(nearest('stat', commands), 'status');
});

test('something else is not taken for a slip', () => {
  assert.equal(nearest('deploy', commands), undefined);
  assert.equal(nearest('x', commands), undefined);
  assert.equal(nearest('up', []), undefined);
});
