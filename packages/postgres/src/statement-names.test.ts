import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statementNames } from './statement-names.ts';

test('a text is named when it comes the second time, and keeps its name', () => {
  const names = statementNames();
  assert.deepEqual(
    [names('a'), names('a'), names('b'), names('b'), names('a')],
    [undefined, 'q0', undefined, 'q1', 'q0'],
  );
});

test('however many texts come, few are named and little is remembered', () => {
  const names = statementNames();
  const given = new Set<string>();
  for (let round = 0; round < 2; round += 1) {
    for (let index = 0; index < 800; index += 1) given.add(names(`text ${index}`) ?? 'none');
  }
  assert.equal(given.size, 201);
  assert.equal(names('text 0'), 'q0');
});
