import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { grpcErrors } from '../grpc-errors.ts';
import { FrameReader, frame, longestMessage } from './frame-reader.ts';

function readerOf(encoding?: string) {
  const heard: string[] = [];
  const reader = new FrameReader({ encoding, onMessage: (message) => heard.push(message.toString('hex')) });
  return { reader, heard };
}

const isInvalid = (message: RegExp) => (error: unknown) =>
  error instanceof Error &&
  'code' in error &&
  error.code === grpcErrors.ANSWER_INVALID.code &&
  message.test(error.message);

test('messages are the same however the body is cut', () => {
  const messages = ['', '01', '', 'aabbccddeeff', '00'.repeat(300)];
  const body = Buffer.concat(messages.map((hex) => frame(Buffer.from(hex, 'hex'))));
  for (let at = 0; at <= body.length; at += 1) {
    const { reader, heard } = readerOf();
    reader.push(body.subarray(0, at));
    reader.push(body.subarray(at));
    reader.end();
    assert.deepEqual(heard, messages, `cut at ${at}`);
  }
  const { reader, heard } = readerOf();
  for (const byte of body) reader.push(Buffer.from([byte]));
  reader.end();
  assert.deepEqual(heard, messages);
});

test('any messages in any pieces come back whole and in order, and pieces may be overwritten', () => {
  const bytes = fc.uint8Array({ maxLength: 40 });
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 8 }), fc.array(fc.nat({ max: 30 })), (messages, sizes) => {
      const body = Buffer.concat(messages.map(frame));
      const { reader, heard } = readerOf();
      let at = 0;
      for (let index = 0; at < body.length; index += 1) {
        const piece = Buffer.from(body.subarray(at, at + 1 + (sizes[index % Math.max(sizes.length, 1)] ?? 4)));
        at += piece.length;
        reader.push(piece);
        piece.fill(0xff);
      }
      reader.end();
      assert.deepEqual(
        heard,
        messages.map((message) => Buffer.from(message).toString('hex')),
      );
    }),
  );
});

test('an end inside a message is told wherever it comes', () => {
  const body = frame(Buffer.from('abc'));
  for (let at = 1; at < body.length; at += 1) {
    const { reader } = readerOf();
    reader.push(body.subarray(0, at));
    assert.throws(() => reader.end(), isInvalid(/in the middle of a message/), `after ${at}`);
  }
});

test('a compressed message is refused with the name of its encoding, for none was offered', () => {
  for (const [encoding, named] of [
    ['snappy', /"snappy"/],
    ['gzip', /"gzip"/],
    [undefined, /"identity"/],
  ] as const) {
    const { reader } = readerOf(encoding);
    assert.throws(() => reader.push(Buffer.from([1, 0, 0, 0, 0])), isInvalid(named));
  }
});

test('a message that is too long is refused by its prefix, before anything of it is kept', () => {
  const { reader } = readerOf();
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(longestMessage + 1, 1);
  assert.throws(() => reader.push(prefix), isInvalid(/4194305 bytes; at most 4194304/));
  const { reader: other, heard } = readerOf();
  other.push(frame(Buffer.alloc(longestMessage)));
  assert.equal(heard.length, 1);
});
