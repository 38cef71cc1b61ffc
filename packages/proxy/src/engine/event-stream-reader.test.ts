import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventStreamReader } from './event-stream-reader.ts';

const stream =
  'data: {"a":1}\n\n:\n\nid: 7\nevent: x\r\ndata:two\r\ndata:  lines\r\n\r\ndata\n\ndatabase: no\n\n: a word\ndata: ß€\n\n';
const told = ['{"a":1}', ':', 'two\n lines', '', ':', 'ß€'];

function read(pieces: readonly Buffer[], longest = 1_000) {
  const heard: string[] = [];
  const reader = new EventStreamReader(
    { onEvent: (event) => void heard.push(String(event)), onComment: () => void heard.push(':') },
    longest,
  );
  return { heard, taken: pieces.map((piece) => reader.push(piece)) };
}

test('events are the same however the stream is cut', () => {
  const whole = Buffer.from(stream);
  assert.deepEqual(read([whole]).heard, told);
  assert.deepEqual(read([...whole].map((byte) => Buffer.from([byte]))).heard, told);
  for (let cut = 1; cut < whole.length; cut += 1)
    assert.deepEqual(read([whole.subarray(0, cut), whole.subarray(cut)]).heard, told, `cut at ${cut}`);
});

test('a piece is read before the call returns, and may be overwritten then', () => {
  const piece = Buffer.from('data: 12');
  const { heard } = (() => {
    const one: string[] = [];
    const reader = new EventStreamReader(
      { onEvent: (event) => void one.push(String(event)), onComment: () => {} },
      100,
    );
    reader.push(piece);
    piece.fill('x');
    reader.push(Buffer.from('3\n\n'));
    return { heard: one };
  })();
  assert.deepEqual(heard, ['123']);
});

test('an event without end is too long, many events are not', () => {
  const short = Buffer.from('data: 12345678\n\n');
  assert.ok(
    read(
      Array.from({ length: 100 }, () => short),
      40,
    ).taken.every(Boolean),
  );
  assert.deepEqual(read([short, Buffer.from('data: 1234567890'), Buffer.alloc(40, 'x')], 40).taken, [
    true,
    true,
    false,
  ]);
  assert.ok(
    !read(
      Array.from({ length: 9 }, () => Buffer.from('data: 1234567\n')),
      40,
    ).taken.every(Boolean),
  );
});
