import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DureError } from '@dure/core';
import { readModelDeliveries } from './read-model-deliveries.ts';

const { handle } = readModelDeliveries('search', '.dure/read-models/*.search-*.db*');

test('a read model is not set back: it is said what is to be done instead', () => {
  const body = { do: 'resume', source: 'catalog', after: 3 };
  assert.throws(
    () => handle({ method: 'POST', path: ['sources'], query: {}, body }),
    ({ code, message }: DureError) =>
      code === 'DURE_READ_MODEL_STEERED' &&
      /delete \.dure\/read-models\/\*\.search-\*\.db\* and run `dure restart search`/.test(message),
  );
});

test('whoever lists what is parked everywhere passes a read model by', async () => {
  assert.deepEqual(await handle({ method: 'GET', path: ['parked'], query: {}, body: undefined }), { status: 404 });
});
