import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { systemClock, wait } from '@dure/core';
import { until } from '../fixtures/until.ts';
import { connected } from '../provisioning/connect.ts';
import { testDatabase } from '../testing/index.ts';

const first = { '0001-create-orders.sql': 'create table orders (id text primary key, count int not null);' };

/** What makes room for version 2, so that both versions can work; each file is slow enough to be cut off in the middle. */
const expand = {
  '0002-add-total.sql': 'alter table orders add column total int;',
  '0003-keep-both.sql': `
    create function keep_both() returns trigger language plpgsql as $$ begin
      new.total := coalesce(new.total, new.count * 10);
      new.count := coalesce(new.count, new.total / 10);
      return new;
    end $$;
    create trigger keep_both before insert or update on orders for each row execute function keep_both();`,
  '0004-fill-total.sql': 'update orders set total = count * 10 where total is null;',
  '0005-total-is-there.sql':
    'alter table orders alter column total set not null; create index orders_total on orders (total);',
};
/** What takes away the room of version 1, when it has gone. */
const contract = {
  '0006-drop-count.sql': `
    drop trigger keep_both on orders;
    drop function keep_both;
    alter table orders drop column count;`,
};
const inTheMiddle = (name: string) => `\nselect pg_sleep(0.3) -- in the middle of ${name}\n`;

interface News {
  readonly requests: number;
  readonly slowestMs: number;
  readonly failures: readonly string[];
}

/** Starts an instance of the service. */
function serve(url: string, version: 1 | 2) {
  const child = start('rolling-service.main.ts', [url, `${version}`]);
  const lines = createInterface({ input: child.stdout ?? assert.fail() })[Symbol.asyncIterator]();
  const next = async (): Promise<News> => JSON.parse((await lines.next()).value ?? assert.fail('it has ended'));
  let requests = 0;
  const counted = (news: News) => {
    requests += news.requests;
    assert.deepEqual(news.failures, [], `requests of version ${version} failed`);
    return news;
  };
  return {
    get requests() {
      return requests;
    },
    /** Waits until it has served some more. */
    async serves(more: number) {
      const enough = requests + more;
      await until('it serves', async () => (await this.news()) !== undefined && requests > enough, 20_000);
    },
    /** What has happened since it was asked last. */
    async news(): Promise<News> {
      child.stdin?.write('?\n');
      return counted(await next());
    },
    async end() {
      child.stdin?.end();
      counted(await next());
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

const children = new Set<ChildProcess>();
after(() => {
  for (const child of children) child.kill('SIGKILL');
});

function start(file: string, args: readonly string[]): ChildProcess {
  const module = join(import.meta.dirname, '..', 'fixtures', file);
  const child = spawn(process.execPath, [module, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.add(child.once('exit', () => children.delete(child)));
  return child;
}

test('version 1 serves while version 2 migrates, is blocked and is killed in every file; then both serve, then version 2 alone', async (context) => {
  await using database = await testDatabase();
  const { ownerUrl, url } = database;
  const folder = await mkdtemp(join(tmpdir(), 'dure-rolling-'));
  await using _folder = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
  await mkdir(join(folder, 'migrations'));
  const release = async (files: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(files))
      await writeFile(join(folder, 'migrations', name), `${text}${name in first ? '' : inTheMiddle(name)}`);
  };
  const migrating = () => start('rolling-migration.main.ts', [ownerUrl, folder]);
  const completed = async () => assert.deepEqual(await once(migrating(), 'exit'), [0, null]);
  const killed = async (child: ChildProcess) => {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    assert.deepEqual(await exited, [null, 'SIGKILL']);
  };
  const sees = (owner: Parameters<Parameters<typeof connected>[1]>[0]) => async (what: string) =>
    (await owner.query(`select from pg_stat_activity where pid <> pg_backend_pid() and state = 'active' and ${what}`))
      .rowCount === 1;

  await release(first);
  await completed();
  const one = serve(url, 1);
  await one.serves(50);
  await release(expand);
  await connected(ownerUrl, async (owner) => {
    const seen = sees(owner);
    const isBlocked = () => seen(`wait_event_type = 'Lock' and query like '%in the middle of 0002%'`);

    await connected(`${url}?application_name=report`, async (report) => {
      await report.query('begin; select from orders limit 1');
      const cutOff = migrating();
      await until('it is blocked', isBlocked, 10_000);
      await killed(cutOff);
      const again = migrating();
      await until('it is blocked', isBlocked, 10_000);
      await wait(systemClock, 3_000);
      const { requests, slowestMs } = await one.news();
      context.diagnostic(`blocked for 3 s and more: ${requests} requests, the slowest ${slowestMs} ms`);
      assert.ok(requests > 100 && slowestMs < 2_500, `${requests} requests, the slowest ${slowestMs} ms`);
      await killed(again);
    });
    for (const name of Object.keys(expand)) {
      const cutOff = migrating();
      await until(
        `${name} is under way`,
        () => seen(`wait_event = 'PgSleep' and query like '%in the middle of ${name}%'`),
        20_000,
      );
      await killed(cutOff);
    }
    await completed();
    const { slowestMs } = await one.news();
    context.diagnostic(`killed in each of ${Object.keys(expand).length} files: the slowest request ${slowestMs} ms`);

    const two = serve(url, 2);
    const late = serve(url, 1);
    for (const instance of [two, one, late]) await instance.serves(100);
    await late.end();
    await one.end();
    await release(contract);
    const cutOff = migrating();
    await until(
      'it is under way',
      () => seen(`wait_event = 'PgSleep' and query like '%in the middle of 0006%'`),
      20_000,
    );
    await killed(cutOff);
    await completed();
    await two.serves(50);
    await two.end();
    const { rows } = await owner.query<{ many: string; wrong: string; said: string }>(`
      select count(*) as many, count(*) filter (where total <> 20) as wrong,
        (select count(*) from dure.log where type = 'rolling.placed') as said from orders`);
    const all = String(one.requests + late.requests + two.requests);
    assert.deepEqual(rows, [{ many: all, wrong: '0', said: all }]);
    context.diagnostic(
      `${one.requests + late.requests} requests of version 1 and ${two.requests} of version 2, none failed`,
    );
  });
});
