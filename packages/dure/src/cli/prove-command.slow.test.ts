import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ids, systemClock, systemRandom, wait } from '@dure/core';
import { openDatabase, sql } from '@dure/postgres';
import { silentTelemetry } from '@dure/telemetry';
import { askSupervisor } from '../supervisor/control-client.ts';
import type { TestSystem } from '../testing/start-system.ts';
import { startSystem } from '../testing/start-system.ts';
import { dureCommand } from './dure-command.ts';

const fixtures = join(import.meta.dirname, '..', '..', 'fixtures');
let system: TestSystem;
let adminUrl: string;

before(async () => {
  system = await startSystem(join(fixtures, 'ledger', 'system.ts'), { placement: 'one' });
  adminUrl = (await askSupervisor(system.stateFolder, { ask: 'database-server' })).adminUrl ?? '';
});
after(() => system[Symbol.asyncDispose]());

function prove(databaseUrl: string | undefined, ...argv: readonly string[]) {
  const said = { out: '', err: '' };
  const exit = dureCommand(['prove', 'log', ...argv], {
    terminal: {
      out(text) {
        said.out += text;
      },
      err(text) {
        said.err += text;
      },
      isInteractive: true,
      hasColour: false,
      columns: 100,
    },
    language: 'en',
    folder: fixtures,
    host: { module: '', path: '' },
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    clock: systemClock,
    random: systemRandom,
    interrupted: new AbortController().signal,
    insisted: new AbortController().signal,
  });
  return { exit, said };
}

function open(url: string) {
  const clock = systemClock;
  return openDatabase({
    url,
    service: 'prove-test',
    clock,
    ids: ids(clock, systemRandom),
    telemetry: silentTelemetry(),
  });
}

async function asked(text: string, url = adminUrl): Promise<readonly Record<string, unknown>[]> {
  await using db = open(url);
  return (await sql.raw<Record<string, unknown>>(text).execute(db.read)).rows;
}

const databases = async () => (await asked('select datname from pg_database order by 1')).map(({ datname }) => datname);

test('without a server of its own it proves on that of the running system, beside the services, and shows how far it is', async () => {
  const before = await databases();
  const { exit, said } = prove(undefined, '--system', 'ledger', '--state', system.stateFolder, '--minutes', '0.06');
  assert.equal(await exit, 0, said.out + said.err);
  assert.match(said.out, /✓ nothing is lost/);
  assert.match(said.out, /\[2K[123] of 3\.6 s: \d+ messages, \d+ sessions killed/);
  assert.deepEqual(await databases(), before);
  await system.verify();
});

test('a scratch database that somebody holds is told by name, with status 8, and the next run reminds of it', async () => {
  await asked(`CREATE ROLE maker LOGIN CREATEDB PASSWORD 'sesame'; GRANT CONNECT ON DATABASE postgres TO maker`);
  const url = Object.assign(new URL(adminUrl), { username: 'maker', password: 'sesame' }).href;
  const { exit, said } = prove(url, '--minutes', '0.05');
  let database: string | undefined;
  while (database === undefined) {
    database = /in the scratch database (\w+),/.exec(said.out)?.[1];
    await wait(systemClock, 10);
  }
  const inside = Object.assign(new URL(adminUrl), { pathname: `/${database}` }).href;
  {
    // No other than a superuser can end a superuser's session.
    await using holder = open(inside);
    while (!(await sql`select 1`.execute(holder.read).then(Boolean, () => false))) await wait(systemClock, 10);
    assert.equal(await exit, 8, said.out + said.err);
    assert.match(said.out, /✓ nothing is lost/);
    assert.match(said.err, new RegExp(`! ${database} could not be dropped: .*; run \`DROP DATABASE ${database} WITH`));
  }
  const next = prove(url, '--minutes', '0.05');
  assert.equal(await next.exit, 0);
  assert.match(next.said.err, new RegExp(`! ${database} is left of a run that was killed`));
  await asked(`DROP DATABASE ${database} WITH (FORCE)`);
  await asked('REVOKE CONNECT ON DATABASE postgres FROM maker; DROP ROLE maker');
});
