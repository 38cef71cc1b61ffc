import { test } from 'node:test';
import { sendThrough } from './testing/permit-leak.ts';

test('after thirty thousand calls of every fate all permits are back', async () => {
  await sendThrough(30_000, 1);
});
