import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ids, systemClock, systemRandom } from '@dure/core';
import { openDatabase, sql as statement } from '@dure/postgres';
import { silentTelemetry } from '@dure/telemetry';
import type { TestSystem } from '../testing/start-system.ts';
import { startSystem } from '../testing/start-system.ts';
import type { Verdict } from '../verify-invariants.ts';
import { dureCommand } from './dure-command.ts';

const fixtures = join(import.meta.dirname, '..', '..', 'fixtures');
let system: TestSystem;

interface Told {
  readonly holds: boolean;
  readonly invariants: readonly Verdict[];
}

before(async () => {
  system = await startSystem(join(fixtures, 'ledger', 'system.ts'), { placement: 'one' });
});
after(() => system[Symbol.asyncDispose]());

/** What `dure verify` says of the running ledger. */
async function verify(...options: readonly string[]) {
  const said = { out: '', err: '' };
  const code = await dureCommand(['verify', 'ledger', '--state', system.stateFolder, ...options], {
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

/** Changes the database behind the service's back. */
async function setEquity(balance: number): Promise<void> {
  await using database = openDatabase({
    url: system.databaseUrls.books ?? '',
    service: 'books',
    clock: systemClock,
    ids: ids(systemClock, systemRandom),
    telemetry: silentTelemetry(),
  });
  await statement.raw(`UPDATE account SET balance = ${balance} WHERE name = 'equity'`).execute(database.read);
}

test('verify ends with status 0 and the figures while every invariant holds', async () => {
  const { code, out, err } = await verify();
  assert.deepEqual([code, err], [0, '']);
  assert.match(out, /^✓ holds {2}the books balance\n {4}total = 0\n✓ holds {2}a check cannot change anything\n/);
  const json = await verify('--json');
  assert.equal(json.code, 0);
  const { holds, invariants } = JSON.parse(json.out) as Told;
  assert.equal(holds, true);
  assert.deepEqual(
    invariants.map((verdict) => [verdict.name, verdict.holds, verdict.figures]),
    [
      ['the books balance', true, { total: 0 }],
      ['a check cannot change anything', true, { update: 'refused' }],
    ],
  );
});

test('verify ends with status 9 and names what is violated when an invariant does not hold', async () => {
  await setEquity(200);
  const [text, json] = await Promise.all([verify(), verify('--json')]);
  assert.deepEqual([text.code, text.err], [9, '']);
  assert.match(text.out, /^✗ BROKEN {2}the books balance\n {4}total = 100\n {4}the balances sum up to 100\n/);
  assert.match(text.out, /✓ holds {2}a check cannot change anything\n.*\n\n1 of 2 invariants hold\n$/);
  assert.equal(json.code, 9);
  const { holds, invariants } = JSON.parse(json.out) as Told;
  assert.equal(holds, false);
  assert.deepEqual(invariants[0], {
    name: 'the books balance',
    holds: false,
    figures: { total: 100 },
    violations: ['the balances sum up to 100'],
  });
  assert.equal(invariants[1]?.holds, true);
  await setEquity(100);
  assert.equal((await verify()).code, 0);
});
