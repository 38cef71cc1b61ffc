import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { ids, systemClock, systemRandom, wait } from '@dure/core';
import { openDatabase, sql } from '@dure/postgres';
import type { EmbeddedPostgres } from '@dure/postgres/embedded';
import { startEmbeddedPostgres } from '@dure/postgres/embedded';
import type { LogProof } from '@dure/postgres/fence';
import { silentTelemetry } from '@dure/telemetry';
import { dureCommand } from './dure-command.ts';
import type { Language } from './terminal.ts';

const main = join(import.meta.dirname, 'main.ts');
const clock = systemClock;
let folder: string;
let server: EmbeddedPostgres;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dure-prove-'));
  await chmod(folder, 0o711); // As root the server runs as another user.
  const options = { folder: join(folder, 'postgres'), clock, random: systemRandom };
  server = await startEmbeddedPostgres({ ...options, durable: false, removeOnStop: true });
  await asked(
    `CREATE ROLE maker LOGIN CREATEDB PASSWORD 'sesame'; CREATE ROLE plain LOGIN PASSWORD 'sesame';
     CREATE ROLE reader LOGIN CREATEDB PASSWORD 'sesame'; ALTER ROLE reader SET default_transaction_read_only = on`,
  );
});
after(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});
afterEach(async () => assert.deepEqual(await leftBehind(), []));

function open(url: string, service = 'prove-test') {
  return openDatabase({ url, service, clock, ids: ids(clock, systemRandom), telemetry: silentTelemetry() });
}

async function asked(text: string, url = server.adminUrl): Promise<readonly Record<string, unknown>[]> {
  await using db = open(url);
  return (await sql.raw<Record<string, unknown>>(text).execute(db.read)).rows;
}

/** Databases, roles and sessions that were not there before. */
async function leftBehind(): Promise<readonly unknown[]> {
  const rows = await asked(`
    select datname as name from pg_database where datname not in ('postgres', 'template0', 'template1')
    union all select rolname from pg_roles where rolname !~ '^pg_' and rolname not in ('maker', 'plain', 'reader', current_user)
    union all select application_name from pg_stat_activity where application_name like 'stress%' and datname <> 'postgres'`);
  return rows.map(({ name }) => name);
}

/** The server as a role sees it. */
function as(user: string, password = 'sesame'): string {
  return Object.assign(new URL(server.adminUrl), { username: user, password }).href;
}

function call(databaseUrl: string | undefined, argv: readonly string[], language: Language = 'en') {
  const interrupt = new AbortController();
  const said = { out: '', err: '' };
  const exit = dureCommand(['prove', ...argv], {
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
    language,
    folder,
    host: { module: '', path: '' },
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    clock,
    random: systemRandom,
    interrupted: interrupt.signal,
    insisted: new AbortController().signal,
  });
  return { exit, said };
}

async function outcome(databaseUrl: string | undefined, ...argv: readonly string[]) {
  const { exit, said } = call(databaseUrl, argv);
  return { code: await exit, ...said };
}

test('a role that may make databases is all it takes; the report says what was done, and nothing is left', async () => {
  // Somebody else's session, of the name of those that are killed.
  await using bystander = open(as('maker'), 'stress-writer');
  const process = async () => (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(bystander.read)).rows;
  const before = await process();
  const { code, out, err } = await outcome(as('maker'), 'log', '--minutes', '0.06', '--seed', '7');
  assert.equal(code, 0, out + err);
  assert.match(out, /^PostgreSQL \d+(\.\d+)? at 127\.0\.0\.1:\d+, as maker\n/);
  assert.match(out, /\nin the scratch database (dure_prove_[0-9a-f]{16}), for 3\.6 s, seed 7\n\1 is dropped\n/);
  assert.match(out, /\n✓ nothing is lost, doubled, out of order or forgotten\n {2}messages +[1-9]\d+\n/);
  assert.match(out, /\n {2}commits of several units of work +[1-9]/);
  assert.match(out, /\n {2}sessions killed +[1-9]/);
  assert.match(out, /\n {2}lost, doubled, out of order, forgotten +0, 0, 0, 0\n/);
  assert.match(out, /half \/ 99 % +\d+\.\d \/ \d+\.\d ms\n/);
  assert.match(out, /\n {2}seed +7\n$/);
  assert.match(err, /^! `fsync` is off: .*\n! `synchronous_commit` is off: .*\n$/);
  assert.deepEqual(await process(), before);
});

test('as JSON it is one object', async () => {
  const { code, out, err } = await outcome(server.adminUrl, '--minutes', '0.04', '--json');
  assert.deepEqual([code, err], [0, ''], out);
  const told = JSON.parse(out) as { holds: boolean; seed: number; proof: LogProof; left: unknown; server: object };
  const { lost, doubled, inverted, forgotten, events, killed, faults, seed } = told.proof;
  assert.deepEqual([told.holds, lost, doubled, inverted, forgotten, faults], [true, 0, 0, 0, 0, []]);
  assert.ok(events > 0 && killed > 0 && seed === told.seed);
  assert.deepEqual(told.left, []);
  assert.ok('warnings' in told.server);
});

test('the self-test finds losses with the wrong order, and none with the right one', async () => {
  const { code, out } = await outcome(as('maker'), 'log', '--self-test', '--json');
  const { paused, swapped } = JSON.parse(out) as { paused: LogProof; swapped: LogProof };
  assert.equal(code, 0, out);
  assert.ok(paused.holds && paused.events > 0, out);
  assert.ok(swapped.lost > 0 && swapped.faults.length > 0, out);
});

test('a log that loses messages is found out, with status 9', async () => {
  const { exit, said } = call(as('maker'), ['log', '--minutes', '0.1']);
  const database = await named(() => said.out);
  const inside = Object.assign(new URL(server.adminUrl), { pathname: `/${database}` }).href;
  const isFilling = () =>
    asked('select from dure.log limit 1', inside).then(
      (rows) => rows.length > 0,
      () => false,
    );
  while (!(await isFilling())) await wait(clock, 20);
  // The mark of a reader that trusts in what is committed.
  await asked(
    `create or replace function dure.advance() returns bigint language sql as 'select coalesce(max(pos), 0) from dure.log'`,
    inside,
  );
  assert.equal(await exit, 9, said.out + said.err);
  assert.match(said.out, /\n✗ the log does not hold what it promises\n/);
  assert.match(said.out, /\n {2}lost, doubled, out of order, forgotten +[1-9]\d*, /);
  assert.match(said.out, /\n {2}version \d+ of s\d+ came after version \d+\n/);
});

for (const [when, pattern] of [
  ['while it makes its database', /in the scratch database/],
  ['while it runs', undefined],
] as const) {
  test(`Ctrl-C ${when} leaves nothing on the server, and is no proof`, async () => {
    const child = spawn(process.execPath, [main, 'prove', 'log'], {
      env: { PATH: '/usr/bin:/bin', LANG: 'C', DURE_DATABASE_URL: as('maker') },
      cwd: folder,
    });
    const heard = { out: '', err: '' };
    child.stdout.on('data', (chunk) => {
      heard.out += String(chunk);
    });
    child.stderr.on('data', (chunk) => {
      heard.err += String(chunk);
    });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const database = await named(() => heard.out);
    const writing = `select from pg_stat_activity where datname = '${database}' and application_name = 'stress-writer'`;
    if (pattern === undefined) while ((await asked(writing)).length === 0) await wait(clock, 20);
    child.kill('SIGINT');
    assert.equal(await ended, 130, heard.out + heard.err);
    assert.match(heard.out, new RegExp(`\n${database} is dropped\n`));
    assert.match(heard.err, /interrupted; nothing is proved\n$/);
  });
}

test('what cannot work is refused with what to do, and no password is told', async () => {
  const wrong = await outcome(as('maker', 'open-barley'), 'log');
  assert.equal(wrong.code, 8);
  assert.match(wrong.err, /as maker: password authentication failed .* \[POSTGRES_CONNECT_FAILED\]\n/);
  const nobody = await outcome('postgres://maker:open-barley@127.0.0.1:1/postgres', 'log', '--json');
  assert.equal(nobody.code, 8);
  const broken = await outcome('maker:open-barley@nowhere', 'log');
  assert.equal(broken.code, 2);
  assert.match(broken.err, /`DURE_DATABASE_URL` is not a connection string/);
  for (const { out, err } of [wrong, nobody, broken]) assert.doesNotMatch(out + err, /barley/);

  const plain = await outcome(as('plain'), 'log');
  assert.equal(plain.code, 8);
  assert.match(plain.err, /ALTER ROLE "plain" CREATEDB \[POSTGRES_CREATEDB_MISSING\]\n {6}Let a superuser run/);
  const reader = await outcome(as('reader'), 'log');
  assert.equal(reader.code, 8);
  assert.doesNotMatch(reader.err, /could not be dropped/);
  assert.match(reader.err, /could not be made: cannot execute CREATE DATABASE .* \[POSTGRES_PROOF_FAILED\]/);
});

test('a run that was too short for anything to happen is no proof', async () => {
  const { code, err } = await outcome(as('maker'), 'log', '--minutes', '0.0001');
  assert.equal(code, 8);
  assert.match(err, /0 sessions killed: too little to prove anything; let it run longer \[POSTGRES_PROOF_FAILED\]/);
});

test('what is written wrongly is refused before anything is touched', async () => {
  for (const [argv, pattern] of [
    [['everything'], /`dure prove log`, not "everything"/],
    [['--minutes', '0'], /`--minutes` is a number above 0 and up to 60, not "0"/],
    [['--minutes', '61'], /not "61"/],
    [['--minutes', 'long'], /not "long"/],
    [['--seed', '1.5'], /`--seed` is a whole number/],
  ] as const) {
    const { code, err } = await outcome(as('maker'), ...argv);
    assert.equal(code, 2);
    assert.match(err, pattern);
  }
  const nowhere = await outcome(undefined, 'log');
  assert.equal(nowhere.code, 2);
  assert.match(nowhere.err, /`DURE_DATABASE_URL`, or start a system by `dure up`/);
  const named = await outcome(as('maker'), 'log', '--state', folder);
  assert.equal(named.code, 7);
});

test('it speaks Korean', async () => {
  const { exit, said } = call(as('maker'), ['log', '--minutes', '0.03', '--seed', '3'], 'ko');
  assert.equal(await exit, 0, said.out + said.err);
  assert.match(said.out, /\n✓ 유실, 중복, 순서 뒤바뀜, 응답 뒤에 사라진 것이 없습니다\n/);
  assert.match(said.err, /^! `fsync`가 꺼져 있습니다/);
});

/** The scratch database, as soon as it is told. */
async function named(out: () => string): Promise<string> {
  for (let turn = 0; turn < 1_000; turn += 1) {
    const [, database] = /in the scratch database (\w+),/.exec(out()) ?? [];
    if (database !== undefined) return database;
    await wait(clock, 10);
  }
  assert.fail(`no scratch database in ${out()}`);
}
