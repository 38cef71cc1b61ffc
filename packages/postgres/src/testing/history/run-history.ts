import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom, systemClock, systemRandom, wait } from '@dure/core';
import type { Anomaly, HistoryEffect, HistoryEntry } from '@dure/messaging/testing';
import { checkHistory, HistoryRecorder } from '@dure/messaging/testing';
import type { RestartingPostgres } from '../../fixtures/restarting-postgres.ts';
import { restartingPostgres } from '../../fixtures/restarting-postgres.ts';
import { migrate } from '../../migrations/migrate.ts';
import { connected } from '../../provisioning/connect.ts';
import { provisionDatabases } from '../../provisioning/provision-databases.ts';
import type { HistoryBroker } from './history-broker.ts';
import { memoryHistoryBroker } from './history-broker.ts';
import { pollLog, writeUnits } from './history-clients.ts';
import { breakThings } from './history-faults.ts';
import type { ServiceName } from './history-services.ts';
import { said } from './history-services.ts';
import { startHistorySystem } from './history-system.ts';

export interface HistoryRunOptions {
  readonly seconds: number;
  readonly seed: number;
  readonly everyMs: number;
  readonly restartEveryMs: number;
  /** How long the consumers may take to come to the end, in milliseconds. Default 90 000. */
  readonly patienceMs?: number;
  /** What `mirror` is told by. Default: one in memory. */
  readonly broker?: () => Promise<HistoryBroker>;
  /** Changes the databases before anything is written, as their owners. */
  readonly prepare?: (owners: Urls) => Promise<void>;
}

/** What a run came to. */
export interface HistoryRun {
  readonly anomalies: readonly Anomaly[];
  /** How much there was to find something in. */
  readonly size: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
}

const clock = systemClock;
const callers = 8;
/** What a broker has lost shows by what comes behind it, so that every key is written to once more when nothing is broken any more. */
const quietMs = 4_000;
const services = ['orders', 'ledger', 'mirror'] as const;

type Urls = Readonly<Record<ServiceName, string>>;

/**
 * Writes, reads and consumes while everything is broken again and again, lets all come to the end, and checks the history: as Jepsen tests
 * (Kingsbury), with the faults on one machine. PostgreSQL is a cluster of its own, and durable.
 */
export async function runHistory(options: HistoryRunOptions): Promise<HistoryRun> {
  const folder = await mkdtemp(join(tmpdir(), 'dure-history-'));
  await chmod(folder, 0o711); // As root the server runs as another user.
  try {
    await using postgres = await restartingPostgres({ folder, durable: true });
    const { owners, urls } = await provide(postgres.adminUrl);
    await options.prepare?.(owners);
    const recorder = new HistoryRecorder(clock);
    const faults = await play(options, { postgres, owners, urls, recorder });
    const end = await theEnd(owners);
    const size = {
      ...recorder.size,
      orders: end.logs.orders.length,
      ledger: end.logs.ledger.length,
      effects: end.effects.length,
    };
    return { anomalies: checkHistory(recorder.history(end)), size, faults };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Stage {
  readonly postgres: RestartingPostgres;
  readonly owners: Urls;
  readonly urls: Urls;
  readonly recorder: HistoryRecorder;
}

/** Lets it all take place; when it is over, nobody writes any more. */
async function play(options: HistoryRunOptions, { postgres, owners, urls, recorder }: Stage) {
  const kit = { clock, random: seededRandom(options.seed), recorder };
  await using broker = (await options.broker?.()) ?? memoryHistoryBroker();
  await using system = await startHistorySystem(urls, recorder, broker);
  const { orders, ordersFarAway, ledger } = system;
  const [written, read, broken] = [new AbortController(), new AbortController(), new AbortController()];
  const writing = Array.from({ length: callers }, (_, caller) =>
    writeUnits(kit, caller % 4 === 0 ? ordersFarAway : orders, written.signal),
  );
  const reading = [1, 2].flatMap((reader) => [
    pollLog(kit, { reader: `orders-${reader}`, log: 'orders', db: orders }, read.signal),
    pollLog(kit, { reader: `ledger-${reader}`, log: 'ledger', db: ledger }, read.signal),
  ]);
  const breaking = breakThings({ ...options, ...kit, ...system, broker, postgres }, broken.signal);
  await wait(clock, options.seconds * 1_000);
  broken.abort();
  const faults = await breaking;
  if (options.broker !== undefined) await wait(clock, quietMs);
  written.abort();
  await Promise.all(writing);
  await comeToTheEnd(owners, options.patienceMs ?? 90_000);
  read.abort();
  await Promise.all(reading);
  return faults;
}

async function provide(adminUrl: string): Promise<{ readonly owners: Urls; readonly urls: Urls }> {
  const databases = services.map((service) => ({ service, ownerPassword: 'p', password: 'p' }));
  const made = await provisionDatabases({ adminUrl, databases, random: systemRandom });
  const of = (pick: 'ownerUrl' | 'url') =>
    Object.fromEntries(services.map((service, index) => [service, made[index]?.[pick] ?? ''])) as Urls;
  const folder = join(import.meta.dirname, '..', '..', 'fixtures', 'effects');
  for (const service of services) await migrate({ url: of('ownerUrl')[service], service, folder, seeds: false, clock });
  return { owners: of('ownerUrl'), urls: of('url') };
}

/** Gives the consumers time; what they have not applied by then is found. */
async function comeToTheEnd(owners: Urls, patienceMs: number): Promise<void> {
  const many = (service: ServiceName, text: string) =>
    connected(owners[service], async (client) =>
      Number((await client.query(`select count(*) as n from ${text}`)).rows[0]?.n),
    );
  const until = clock.monotonicMs() + patienceMs;
  for (;;) {
    const [notes, answers] = [
      await many('orders', `dure.log where type = '${said.orders.type}'`),
      await many('ledger', `dure.log where type = '${said.ledger.type}'`),
    ];
    const applied = [await many('ledger', 'effect'), await many('mirror', 'effect'), await many('orders', 'effect')];
    const isOver = applied[0] === notes && applied[1] === notes && applied[2] === answers && answers === notes;
    if (isOver || clock.monotonicMs() > until) return;
    await wait(clock, 250);
  }
}

async function theEnd(owners: Urls) {
  const logOf = (service: ServiceName) =>
    connected(owners[service], async (client) => {
      const { rows } = await client.query<{ pos: string; id: string }>('select pos, id from dure.log order by pos');
      return rows.map(({ pos, id }): HistoryEntry => ({ position: Number(pos), id }));
    });
  const effectsOf = (service: ServiceName) =>
    connected(owners[service], async (client) => {
      const { rows } = await client.query<EffectRow>('select consumer, of, wrote, wrote_key from effect order by n');
      return rows.map((row) => effectIn(service, row));
    });
  const effects = await Promise.all(services.map(effectsOf));
  return { logs: { orders: await logOf('orders'), ledger: await logOf('ledger') }, effects: effects.flat() };
}

interface EffectRow {
  readonly consumer: string;
  readonly of: string;
  readonly wrote: string | null;
  readonly wrote_key: string | null;
}

function effectIn(log: ServiceName, { consumer, of, wrote, wrote_key }: EffectRow): HistoryEffect {
  const { wantedBy } = log === 'ledger' ? said.ledger : said.echo;
  return { consumer, of, writes: wrote === null ? [] : [{ log, key: wrote_key ?? '', id: wrote, wantedBy }] };
}
