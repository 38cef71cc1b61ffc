import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import { exchangeView } from '../testing/exchange-view.ts';
import { openAccessLog } from './access-log.ts';

const folder = await mkdtemp(join(tmpdir(), 'dure-access-'));
after(() => rm(folder, { recursive: true }));

test('a request is one line of JSON without its query, and lines wait for each other only until the log closes', async () => {
  const file = join(folder, 'access.log');
  const log = await openAccessLog({ file }, fakeClock());
  log.observe(exchangeView({ path: '/stock/A-1', query: '?token=secret' }), 200, 3.12);
  log.observe(exchangeView({ path: '/orders', subject: 'ann "the" admin' }), 499, 12);
  await log.close();
  const text = await readFile(file, 'utf8');
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.equal(text.includes('secret'), false);
  assert.deepEqual(
    lines.map(({ path, status, ms, subject, client, route }) => ({ path, status, ms, subject, client, route })),
    [
      { path: '/stock/A-1', status: 200, ms: 3.1, subject: undefined, client: '192.0.2.7', route: 'things.getThing' },
      {
        path: '/orders',
        status: 499,
        ms: 12,
        subject: 'ann "the" admin',
        client: '192.0.2.7',
        route: 'things.getThing',
      },
    ],
  );
  assert.equal(log.lost, 0);
});

test('lines beyond what the disk takes in time are counted and not kept', async () => {
  const file = join(folder, 'flood.log');
  const log = await openAccessLog({ file }, fakeClock());
  const long = exchangeView({ path: `/${'a'.repeat(8_000)}` });
  for (let count = 0; count < 2_000; count += 1) log.observe(long, 200, 1);
  assert.ok(log.lost > 0, 'nothing was lost of 16 MB that were written at once');
  await log.close();
  const written = (await readFile(file, 'utf8')).trim().split('\n').length;
  assert.equal(written + log.lost, 2_000);
});
