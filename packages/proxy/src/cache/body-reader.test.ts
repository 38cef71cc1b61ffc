import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ClientView } from '../testing/cached-origin.ts';
import { BodyReader, sendBody } from './body-reader.ts';

test('whatever a client takes at which time, it gets every byte once and in order', () => {
  const step = fc.constantFrom('offer', 'take', 'slow', 'quick', 'immediate');
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const view = new ClientView();
      const reader = new BodyReader(view);
      let offered = '';
      for (const [index, one] of steps.entries()) {
        if (one === 'offer') {
          const piece = Buffer.from(`<${index}>`);
          offered += piece.toString();
          reader.offer(piece);
          piece.fill(0x3f);
        } else if (one === 'take') view.take();
        else view.isSlow = one === 'slow';
      }
      reader.end(Buffer.from('!'));
      view.isSlow = false;
      view.take();
      assert.deepEqual([view.body, view.isEnded, reader.isFree], [`${offered}!`, true, true]);
    }),
  );
});

test('what has stopped writes nothing more, and is free', () => {
  const view = new ClientView();
  view.isSlow = true;
  let free = 0;
  const reader = new BodyReader(view, () => {
    free += 1;
  });
  reader.offer(Buffer.from('a'));
  reader.offer(Buffer.from('b'));
  assert.equal(reader.isFree, false);
  reader.stop();
  assert.deepEqual([reader.isFree, free], [true, 1]);
  view.take();
  reader.offer(Buffer.from('c'));
  reader.end();
  assert.deepEqual([view.body, view.isEnded], ['a', false]);
});

test('a long body goes in pieces, as far as it is taken', () => {
  const body = Buffer.concat([Buffer.alloc(65_536, 'x'), Buffer.alloc(65_536, 'y'), Buffer.from('z')]);
  const view = new ClientView();
  view.isSlow = true;
  sendBody(view, body);
  assert.equal(view.body.length, 65_536);
  view.take();
  assert.equal(view.body.length, 131_072);
  view.take();
  assert.deepEqual([view.body, view.isEnded], [body.toString(), true]);
});
