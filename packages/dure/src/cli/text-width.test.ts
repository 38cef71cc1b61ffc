import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alignColumns, seconds, textWidth } from './text-width.ts';

test('columns stand below each other in Korean too', () => {
  assert.equal(textWidth('두레 dure'), 9);
  assert.deepEqual(
    alignColumns([
      ['상태', 'ok'],
      ['state', 'ok', 'x'],
    ]),
    ['상태   ok', 'state  ok  x'],
  );
});

test('seconds are as exact as they are short', () => {
  assert.deepEqual([0, 420, 4_996, 12_340].map(seconds), ['0.00', '0.42', '5.00', '12.3']);
});
