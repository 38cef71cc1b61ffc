import type { Clock, Random } from '@dure/core';
import { randomInteger, randomItem, wait } from '@dure/core';
import type { MemoryBroker } from '@dure/messaging/testing';
import type { Client } from 'pg';
import type { RestartingPostgres } from '../../fixtures/restarting-postgres.ts';
import type { ServedFeed } from '../../fixtures/served-feed.ts';
import type { SlowProxy } from '../../fixtures/slow-proxy.ts';
import { connected } from '../../provisioning/connect.ts';

/** A consumer that is a process of its own. */
export interface ConsumerProcess {
  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void;
}

/** What is broken, again and again. */
export interface Faults {
  readonly clock: Clock;
  readonly random: Random;
  readonly postgres: RestartingPostgres;
  readonly proxy: SlowProxy;
  readonly feed: ServedFeed;
  readonly broker: MemoryBroker;
  readonly consumers: readonly ConsumerProcess[];
  /** Ends a consumer or a relay, and begins another in its place. */
  readonly replace: () => Promise<void>;
  /** How often something is broken, and how often the server is restarted, in milliseconds. */
  readonly everyMs: number;
  readonly restartEveryMs: number;
}

const ways = ['session', 'session', 'pause', 'answer', 'answer', 'cut', 'freeze', 'kill', 'broker', 'replace'] as const;

/** Breaks one after the other; returns how often each. Nothing is broken any more when it ends. */
export async function breakThings(faults: Faults, until: AbortSignal): Promise<Readonly<Record<string, number>>> {
  const { clock, random, everyMs, restartEveryMs } = faults;
  const done: Record<string, number> = {};
  let restartedAtMs = clock.monotonicMs();
  let restarts = 0;
  while (await wait(clock, everyMs * (0.5 + random.next()), until)) {
    const isDue = clock.monotonicMs() - restartedAtMs > restartEveryMs;
    const way = isDue ? (restarts % 2 === 0 ? 'immediate' : 'fast') : (randomItem(random, ways) ?? 'session');
    if (way === 'immediate' || way === 'fast') {
      await faults.postgres.restart(way);
      restarts += 1;
      restartedAtMs = clock.monotonicMs();
    } else await breakOne(way, faults);
    done[way] = (done[way] ?? 0) + 1;
  }
  return done;
}

async function breakOne(way: (typeof ways)[number], faults: Faults): Promise<void> {
  const { clock, random, postgres, proxy, feed, broker, consumers, replace } = faults;
  const consumer = randomItem(random, consumers);
  switch (way) {
    case 'session':
      return connected(postgres.adminUrl, async (admin) => {
        await admin.query('select pg_terminate_backend($1)', [randomItem(random, await sessionsOf(admin)) ?? 0]);
      });
    case 'pause': {
      const pid = randomItem(random, await connected(postgres.adminUrl, sessionsOf));
      if (pid === undefined || !signalled(pid, 'SIGSTOP')) return;
      await wait(clock, randomInteger(random, 100, 1_500));
      signalled(pid, 'SIGCONT');
      return;
    }
    case 'answer':
      proxy.loseAnswerTo = 'dure.flush';
      proxy.sent.length = 0;
      return;
    case 'cut':
      return feed.cut();
    case 'freeze':
      consumer?.signal('SIGSTOP');
      await wait(clock, randomInteger(random, 300, 3_000));
      return consumer?.signal('SIGCONT');
    case 'kill':
      return consumer?.signal('SIGKILL');
    case 'broker':
      broker.stop();
      await wait(clock, randomInteger(random, 100, 1_000));
      return broker.start();
    case 'replace':
      return replace();
    default:
      return way satisfies never;
  }
}

async function sessionsOf(admin: Client): Promise<readonly number[]> {
  const { rows } = await admin.query<{ pid: number }>(`
    select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() order by backend_start, pid`);
  return rows.map(({ pid }) => pid);
}

/** Whether the process was still there. */
function signalled(pid: number, signal: 'SIGSTOP' | 'SIGCONT'): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
