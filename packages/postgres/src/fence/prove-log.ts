import type { Clock, Ids, Random } from '@dure/core';
import { isDureError, messageOf, seededRandom } from '@dure/core';
import { openConnection } from '../connection.ts';
import { postgresErrors } from '../errors.ts';
import { migrate } from '../migrations/migrate.ts';
import { connected } from '../provisioning/connect.ts';
import { advanceVariants } from './advance-variants.ts';
import { scratchDatabase } from './scratch-database.ts';
import type { Crowd, ServerFacts } from './server-facts.ts';
import { serverFacts } from './server-facts.ts';
import type { StressProgress, StressReport } from './stress.ts';
import { runFenceStress } from './stress.ts';

/**
 * `shipped`: as it is. `paused`: with a pause between its two steps. `swapped`: with the pause and the steps in the wrong
 * order, which must lose messages; it ends when a reader has noticed.
 */
export type FenceVariant = 'shipped' | 'paused' | 'swapped';

export interface ProveLogOptions {
  /** The connection string of a role that may create databases; of which database of the server does not matter. */
  readonly url: string;
  /** How long it is stressed, or, with the steps swapped, at most. */
  readonly seconds: number;
  /** Of the random numbers by which writers decide what they do; what meets what is up to the machines. */
  readonly seed: number;
  /** Default `shipped`. */
  readonly fence?: FenceVariant;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  readonly observe: (event: ProofEvent) => void;
  readonly signal: AbortSignal;
}

/** What happens while the log is put to the proof. */
export type ProofEvent =
  /** It was looked at and is fit; nothing has been made on it yet. */
  | { readonly type: 'server'; readonly server: ServerFacts }
  | { readonly type: 'scratch'; readonly database: string }
  | { readonly type: 'progress'; readonly progress: StressProgress }
  | { readonly type: 'dropped'; readonly database: string }
  /** It could not be dropped and is still there. */
  | { readonly type: 'left'; readonly database: string; readonly reason: string };

/** What came of it. */
export interface LogProof extends StressReport {
  /** Whether nothing was lost, doubled, out of order or forgotten. */
  readonly holds: boolean;
  readonly fence: FenceVariant;
  readonly seed: number;
  readonly crowd: Crowd;
  /** How large the scratch database became. */
  readonly bytes: number;
}

const killEveryMs = 100;
/** By SQL, between the two steps; without it readers meet no writer there for minutes. */
const pause = 'perform pg_sleep(0.02);';

/**
 * Puts the message log on a server to the proof: in a scratch database, which is dropped at the end in any case, writers that
 * flush by themselves and together commit, dawdle, roll back and are killed beside readers that must see each message once and
 * in order. It makes no role, and ends only sessions of that database. Undefined when the signal aborts.
 *
 * Rejects with POSTGRES_SERVER_UNFIT, POSTGRES_CREATEDB_MISSING or POSTGRES_CONNECT_FAILED before it makes anything, and with
 * POSTGRES_PROOF_FAILED or as `migrate` does.
 *
 * @example
 * const proof = await proveLog({ url, seconds: 60, seed: 1, clock, random, ids, observe: () => undefined, signal });
 */
export async function proveLog(options: ProveLogOptions): Promise<LogProof | undefined> {
  const { url, observe, signal } = options;
  const server = await serverFacts(url);
  observe({ type: 'server', server });
  if (signal.aborted) return undefined;
  const scratch = scratchDatabase(options);
  const database = scratch.name;
  try {
    observe({ type: 'scratch', database });
    await scratch.create();
    return await prove(options, scratch.url, server.crowd);
  } catch (error) {
    if (signal.aborted) return undefined;
    if (isDureError(error)) throw error;
    throw postgresErrors.PROOF_FAILED(`the proof broke off: ${messageOf(error)}`, { cause: error });
  } finally {
    if (scratch.mayExist) {
      const reason = await scratch.drop();
      observe(reason === undefined ? { type: 'dropped', database } : { type: 'left', database, reason });
    }
  }
}

async function prove(options: ProveLogOptions, url: string, crowd: Crowd): Promise<LogProof | undefined> {
  const { clock, ids, seconds, seed, fence = 'shipped', observe, signal } = options;
  await migrate({ url, service: 'stress', seeds: false, clock });
  // Writers and readers try again for as long as the stress lasts; what never works is told at once.
  await (await openConnection({ url, name: 'stress-control', timeoutMs: 10_000, onLost: () => undefined })).close();
  if (fence !== 'shipped') await advanceVariants(url).install(fence === 'paused' ? 'asShipped' : 'swapped', pause);
  const report = await runFenceStress({
    ...crowd,
    ...{ url, clock, ids, seconds, signal, killEveryMs },
    random: seededRandom(seed),
    events: 0,
    stopAtFirstFault: fence === 'swapped',
    observe: (progress) => observe({ type: 'progress', progress }),
  });
  if (signal.aborted) return undefined;
  const holds = !isFaulty(report);
  if (holds) demandEnough(report);
  return { ...report, holds, fence, seed, crowd, bytes: await sizeOf(url) };
}

function isFaulty({ lost, doubled, inverted, forgotten, faults }: StressReport): boolean {
  return lost + doubled + inverted + forgotten + faults.length > 0;
}

/** Nothing is lost either where nothing was written, killed or committed together. */
function demandEnough({ events, killed, commitsTogether, seconds }: StressReport): void {
  if (Math.min(events, killed, commitsTogether) > 0) return;
  throw postgresErrors.PROOF_FAILED(
    `in ${seconds.toFixed(1)} s there were ${events} messages, ${commitsTogether} commits of several units of work and ${killed} sessions killed: too little to prove anything; let it run longer`,
  );
}

async function sizeOf(url: string): Promise<number> {
  return connected(url, async (client) => {
    const { rows } = await client.query<{ bytes: string }>('select pg_database_size(current_database()) as bytes');
    return Number(rows[0]?.bytes ?? 0);
  });
}
