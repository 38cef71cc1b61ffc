import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { frame } from '../testing/frame.ts';
import { closeFrame, FrameCursor } from './web-socket-frames.ts';

const framed = (length: number, isMasked: boolean) => frame(Buffer.alloc(length, 0x88), isMasked);

const frames = fc.array(fc.tuple(fc.oneof(fc.nat(300), fc.constantFrom(125, 126, 65_535, 65_536)), fc.boolean()), {
  minLength: 1,
  maxLength: 6,
});

test('the ends of frames are found however the bytes are cut', () => {
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1 }), (list, cuts) => {
      const all = Buffer.concat(list.map(([length, isMasked]) => framed(length, isMasked)));
      const ends = new Set([0]);
      let end = 0;
      for (const [length, isMasked] of list) {
        end += framed(length, isMasked).length;
        ends.add(end);
      }
      const cursor = new FrameCursor();
      for (let at = 0, turn = 0; at < all.length; turn += 1) {
        const piece = all.subarray(at, at + (cuts[turn % cuts.length] ?? 1));
        assert.equal(cursor.move(piece), piece.length);
        at += piece.length;
        assert.equal(cursor.isBetweenFrames, ends.has(at));
      }
    }),
    { numRuns: 200 },
  );
});

test('a move to the end of the frame under way stops there', () => {
  const cursor = new FrameCursor();
  const two = Buffer.concat([framed(200, false), framed(5, false)]);
  assert.equal(cursor.move(two, true), 0);
  cursor.move(two.subarray(0, 10));
  assert.equal(cursor.move(two.subarray(10), true), framed(200, false).length - 10);
  assert.equal(cursor.isBetweenFrames, true);
});

test('a Close frame of a server is unmasked and carries its code', () => {
  assert.deepEqual([...closeFrame(1001)], [0x88, 2, 0x03, 0xe9]);
});
