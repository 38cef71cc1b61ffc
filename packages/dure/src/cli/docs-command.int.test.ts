import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemClock, systemRandom } from '@dure/core';
import { dureCommand } from './dure-command.ts';

const scratch = await mkdtemp(join(tmpdir(), 'dure-docs-'));
const trips = join(import.meta.dirname, '..', '..', '..', '..', 'examples', '05-saga');
after(() => rm(scratch, { recursive: true, force: true }));

async function docs(...argv: readonly string[]) {
  const said = { out: '', err: '' };
  const code = await dureCommand(['docs', ...argv], {
    terminal: {
      out(text) {
        said.out += text;
      },
      err(text) {
        said.err += text;
      },
      isInteractive: false,
      hasColour: false,
      columns: 100,
    },
    language: 'en',
    folder: trips,
    host: { module: '', path: '' },
    clock: systemClock,
    random: systemRandom,
    interrupted: new AbortController().signal,
    insisted: new AbortController().signal,
  });
  return { code, ...said };
}

test('the document of one service is printed, its messages or its operations', async () => {
  const { asyncapi, info, operations } = JSON.parse((await docs('trip')).out);
  assert.deepEqual([asyncapi, info.title], ['3.0.0', 'trips: trip']);
  assert.ok('send.hotel.hold' in operations && 'receive.trip.approved' in operations, Object.keys(operations).join());
  const { openapi, paths } = JSON.parse((await docs('trip', '--openapi')).out);
  assert.deepEqual([openapi, '/trips/{tripId}' in paths], ['3.1.0', true]);
});

test('the documents of all services are written into a folder', async () => {
  const { code, out } = await docs('--out', scratch);
  assert.equal(code, 0);
  const files = (await readdir(scratch)).sort();
  assert.equal(files.length, 8);
  assert.equal(out.trim().split('\n').length, 8);
  const { channels } = JSON.parse(await readFile(join(scratch, 'hotel.asyncapi.json'), 'utf8'));
  assert.deepEqual(Object.keys(channels), ['hotel.inbox', 'replies']);
});

test('without a service, or with one that is not there, it says which there are', async () => {
  const none = await docs();
  assert.deepEqual([none.code, none.out], [2, '']);
  assert.match(
    none.err,
    /needs to know of which service, or `--out <folder>` for all; there are trip, hotel, airline, till/,
  );
  assert.match((await docs('train')).err, /there is no service "train"; there are trip, hotel/);
});
