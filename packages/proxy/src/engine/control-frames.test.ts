import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ControlFrames, serverFrame } from './control-frames.ts';

const mask = Buffer.from([9, 8, 7, 6]);

function clientFrame(first: number, payload = '', isMasked = true): Buffer {
  const data = Buffer.from(payload, 'latin1');
  const head = Buffer.from([first, (isMasked ? 0x80 : 0) | data.length]);
  if (!isMasked) return Buffer.concat([head, data]);
  return Buffer.concat([head, mask, data.map((byte, index) => byte ^ (mask[index % 4] ?? 0))]);
}

function heardOf(pieces: readonly Buffer[]): readonly string[] {
  const heard: string[] = [];
  const frames = new ControlFrames({
    onPing: (payload) => void heard.push(`ping ${payload.toString('latin1')}`),
    onClose: (payload) => void heard.push(`close ${payload.toString('hex')}`),
    onRefused: (code) => void heard.push(`refused ${code}`),
  });
  for (const piece of pieces) frames.push(piece);
  return heard;
}

test('pings and closes are heard however the bytes are cut, pongs pass, and nothing is heard after a close', () => {
  const bytes = Buffer.concat([
    clientFrame(0x89, 'hello'),
    clientFrame(0x8a, 'unasked'),
    clientFrame(0x89),
    clientFrame(0x88, '\x03\xe8bye'),
    clientFrame(0x89, 'late'),
  ]);
  const told = ['ping hello', 'ping ', 'close 03e8627965'];
  assert.deepEqual(heardOf([bytes]), told);
  assert.deepEqual(heardOf([...bytes].map((byte) => Buffer.from([byte]))), told);
});

test('messages are refused with 1003 by their first two bytes, what is no frame of a client with 1002', () => {
  for (const opcode of [0, 1, 2]) assert.deepEqual(heardOf([Buffer.from([0x80 | opcode, 0xff])]), ['refused 1003']);
  const bad = {
    unmasked: clientFrame(0x89, 'x', false),
    fragmented: clientFrame(0x09),
    'a reserved bit': clientFrame(0xc9),
    'an unknown opcode': clientFrame(0x83),
    'an unknown control': clientFrame(0x8b),
    'a long control': Buffer.from([0x89, 0xfe, 0, 126]),
    'a close of one byte': clientFrame(0x88, 'x'),
  };
  for (const [what, bytes] of Object.entries(bad)) assert.deepEqual(heardOf([bytes]), ['refused 1002'], what);
});

test('a server’s frames state their length in the shortest form', () => {
  for (const [length, head] of [
    [0, '8100'],
    [125, '817d'],
    [126, '817e007e'],
    [65_535, '817effff'],
    [65_536, '817f0000000000010000'],
  ] as const) {
    const frame = serverFrame('text', Buffer.alloc(length));
    assert.equal(frame.subarray(0, frame.length - length).toString('hex'), head);
  }
  assert.deepEqual(serverFrame('pong', Buffer.from('hi')), Buffer.from([0x8a, 2, 0x68, 0x69]));
});
