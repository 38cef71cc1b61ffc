import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Schema } from '@dure/core';
import { codeOf } from '@dure/core';
import { event } from './event.ts';
import { foreignMessage } from './testing/database-contract.ts';
import { upcasted } from './upcast.ts';

const schema: Schema<{ orderId: string; total: number }> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as never }) },
};
const placed = event('order.placed', {
  version: 3,
  schema,
  key: ({ orderId }) => orderId,
  upcast: {
    1: ({ id }: { id: string }) => ({ orderId: id }),
    2: ({ orderId }: { orderId: string }) => ({ orderId, total: orderId.length }),
  },
});

test('data of an older version is brought up, version by version, and that of the present one is left alone', () => {
  assert.deepEqual(upcasted(placed, foreignMessage({ version: 1, data: { id: 'abc' } })), { orderId: 'abc', total: 3 });
  assert.deepEqual(upcasted(placed, foreignMessage({ version: 2, data: { orderId: 'ab' } })), {
    orderId: 'ab',
    total: 2,
  });
  const data = { orderId: 'a', total: 9 };
  assert.equal(upcasted(placed, foreignMessage({ version: 3, data })), data);
});

test('a version that is newer, or that nothing brings up, is unknown', () => {
  const unknown = (text: RegExp) => (error: Error) =>
    codeOf(error) === 'MESSAGING_VERSION_UNKNOWN' && text.test(error.message);
  assert.throws(() => upcasted(placed, foreignMessage({ version: 4 })), unknown(/has version 4, .* up to 3/));
  assert.throws(() => upcasted(placed, foreignMessage({ version: 0 })), unknown(/brings version 0 to 1/));
  assert.throws(() => upcasted({}, foreignMessage({ version: 2 })), unknown(/up to 1/));
});

test('an upcast that throws names the message and both versions', () => {
  const broken = {
    version: 2,
    upcasts: {
      1: () => {
        throw new TypeError('no total');
      },
    },
  };
  assert.throws(
    () => upcasted(broken, foreignMessage()),
    (error: Error) =>
      codeOf(error) === 'MESSAGING_UPCAST_FAILED' && /from version 1 to 2: no total/.test(error.message),
  );
});
