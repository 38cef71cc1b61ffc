import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wholeLines } from './output-lines.ts';

async function blocks(...chunks: readonly Buffer[]): Promise<readonly string[]> {
  const source = async function* () {
    yield* chunks;
  };
  return Array.fromAsync(wholeLines(source()));
}

test('a line that arrives in pieces leaves in one, whatever is cut', async () => {
  const bytes = Buffer.from('두레는 함께 일한다\nnext\n');
  assert.deepEqual(await blocks(bytes.subarray(0, 4), bytes.subarray(4, 11), bytes.subarray(11)), [
    '두레는 함께 일한다\nnext\n',
  ]);
});

test('a last line without an end gets one', async () => {
  assert.deepEqual(await blocks(Buffer.from('a\nb')), ['a\n', 'b\n']);
});

test('a process that never ends a line does not fill the memory', async () => {
  const flood = Array.from({ length: 64 }, () => Buffer.alloc(4_096, 'x'));
  const seen = await blocks(...flood);
  assert.ok(seen.length >= 3);
  assert.equal(seen.join('').replaceAll('\n', '').length, 64 * 4_096);
});
