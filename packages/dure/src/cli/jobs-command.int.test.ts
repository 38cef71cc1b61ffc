import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemClock, systemRandom } from '@dure/core';
import type { TestSystem } from '../testing/start-system.ts';
import { startSystem } from '../testing/start-system.ts';
import { dureCommand } from './dure-command.ts';

const fixtures = join(import.meta.dirname, '..', '..', 'fixtures');
let system: TestSystem;

before(async () => {
  system = await startSystem(join(fixtures, 'ledger', 'system.ts'), { placement: 'one' });
});
after(() => system[Symbol.asyncDispose]());

async function dure(...words: readonly string[]) {
  const said = { out: '', err: '' };
  const code = await dureCommand([...words, '--system', 'ledger', '--state', system.stateFolder], {
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
    folder: fixtures,
    host: { module: '', path: '' },
    clock: systemClock,
    random: systemRandom,
    interrupted: new AbortController().signal,
    insisted: new AbortController().signal,
  });
  return { code, ...said };
}

test('run does a job in the service and ends with what it came to', async () => {
  const { code, out, err } = await dure('run', 'books.audit', 'limit=1');
  assert.deepEqual([code, err], [0, '']);
  assert.match(out, /^books\.audit is done after \d+ chunks: \{"counted":\d+\}\n$/);
  const json = await dure('run', 'books.audit', '--json');
  assert.equal(json.code, 0);
  const run = JSON.parse(json.out) as { state: string; by: string; chunks: number };
  assert.equal(run.state, 'done');
  assert.notEqual(run.by, '');
});

test('a job that fails ends with status 13 and its error', async () => {
  const { code, out } = await dure('run', 'books.audit', 'limit=101');
  assert.equal(code, 13);
  assert.match(out, /^books\.audit is failed after 0 chunks: that many accounts are not counted at once/);
});

test('what cannot be run is said, with what can', async () => {
  for (const [words, text] of [
    [['run', 'books.audits'], /books has no job "audits"; it has audit, nightly \[JOBS_UNKNOWN\]/],
    [['run', 'book.audit'], /no process of a service "book" is ready; there are .*books.* \[DURE_SERVICE_UNKNOWN\]/],
    [['run', 'books.audit', 'limit=many'], /args\.limit: .* \[JOBS_ARGUMENTS_INVALID\]/],
    [['run', 'books.audit', 'limit'], /is not written as `name=value`/],
    [['run', 'books'], /`dure run <service>\.<job>`/],
    [['run'], /`dure run <service>\.<job>`/],
  ] as const) {
    const { code, err } = await dure(...words);
    assert.equal(code, 2, words.join(' '));
    assert.match(err, text);
  }
});

test('jobs shows what there is, when it runs next and how the latest runs ended', async () => {
  await dure('run', 'books.audit');
  const { code, out } = await dure('jobs');
  assert.equal(code, 0);
  assert.match(out, /^books\.audit books\.nightly\n/);
  assert.match(out, /^books\.nightly +– +– +\d{4}-\d\d-\d\d 18:00:00 +– +schedule/m);
  assert.match(out, /^books\.audit +[0-9a-f-]{36} +done /m);
  const [books] = JSON.parse((await dure('jobs', 'books', '--json')).out) as { jobs: { job: string }[] }[];
  assert.deepEqual(
    books?.jobs.map(({ job }) => job),
    ['audit', 'nightly'],
  );
  assert.deepEqual(await dure('jobs', 'gateway'), { code: 0, out: 'there are no jobs\n', err: '' });
});
