import type { Clock, Random } from '@dure/core';
import { randomInteger, randomItem, wait } from '@dure/core';
import type { Client } from 'pg';
import type { RestartingPostgres } from '../../fixtures/restarting-postgres.ts';
import type { ServedFeed } from '../../fixtures/served-feed.ts';
import type { SlowProxy } from '../../fixtures/slow-proxy.ts';
import { connected } from '../../provisioning/connect.ts';
import type { HistoryBroker } from './history-broker.ts';
import type { MemberProcess } from './member-process.ts';

/** What is broken, again and again. */
export interface Faults {
  readonly clock: Clock;
  readonly random: Random;
  readonly postgres: RestartingPostgres;
  readonly proxy: SlowProxy;
  readonly feed: ServedFeed;
  readonly broker: Pick<HistoryBroker, 'ways'>;
  readonly processes: readonly Pick<MemberProcess, 'signal'>[];
  /** Ends a consumer or a relay, and begins another in its place. */
  readonly replace: () => Promise<void>;
  /** How often something is broken, and how often the server is restarted, in milliseconds. */
  readonly everyMs: number;
  readonly restartEveryMs: number;
}

const ways = ['session', 'session', 'pause', 'answer', 'answer', 'cut', 'freeze', 'kill', 'replace'] as const;

/** Breaks one after the other; returns how often each. Nothing is broken any more when it ends. */
export async function breakThings(faults: Faults, until: AbortSignal): Promise<Readonly<Record<string, number>>> {
  const { clock, random, everyMs, restartEveryMs } = faults;
  const done: Record<string, number> = {};
  let restartedAtMs = clock.monotonicMs();
  let restarts = 0;
  const ofBroker = Object.keys(faults.broker.ways);
  // A real broker is broken about as often as all else.
  const all = [...ways, ...ofBroker, ...(ofBroker.length > 1 ? ofBroker : [])];
  while (await wait(clock, everyMs * (0.5 + random.next()), until)) {
    const isDue = clock.monotonicMs() - restartedAtMs > restartEveryMs;
    const way = isDue ? (restarts % 2 === 0 ? 'immediate' : 'fast') : (randomItem(random, all) ?? 'session');
    if (way === 'immediate' || way === 'fast') {
      await faults.postgres.restart(way);
      restarts += 1;
      restartedAtMs = clock.monotonicMs();
    } else await (faults.broker.ways[way]?.(random) ?? breakOne(way as (typeof ways)[number], faults));
    done[way] = (done[way] ?? 0) + 1;
  }
  return done;
}

async function breakOne(way: (typeof ways)[number], faults: Faults): Promise<void> {
  const { clock, random, postgres, proxy, feed, processes, replace } = faults;
  const one = randomItem(random, processes);
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
      one?.signal('SIGSTOP');
      await wait(clock, randomInteger(random, 300, 3_000));
      return one?.signal('SIGCONT');
    case 'kill':
      return one?.signal('SIGKILL');
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
