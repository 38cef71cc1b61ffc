import type { Clock } from '@dure/core';
import type { Answer, Connection } from './connection.ts';
import { postgresErrors } from './errors.ts';
import { isRefusedByServer } from './sql-state.ts';

/** A COMMIT that takes longer is given up; its outcome is unknown then. */
const commitTimeoutMs = 15_000;

/**
 * Waits for the answers of what was sent with a COMMIT, which is the last of them, or, `isAlone`, of one statement that is a transaction by itself.
 * POSTGRES_ROLLED_BACK when an earlier failure was overlooked, POSTGRES_OUTCOME_UNKNOWN when the answer of the COMMIT is lost.
 */
export async function commitAnswer(
  connection: Pick<Connection, 'abandon'>,
  clock: Clock,
  sent: readonly Promise<Answer>[],
  isAlone: boolean,
): Promise<readonly PromiseSettledResult<Answer>[]> {
  const timer = clock.after(commitTimeoutMs, () => connection.abandon());
  const settled = await Promise.allSettled(sent);
  timer.cancel();
  judge(settled, isAlone);
  return settled;
}

/** Whether a COMMIT happened; PostgreSQL answers ROLLBACK to the COMMIT of a transaction in which something failed. */
function judge(settled: readonly PromiseSettledResult<Answer>[], isAlone: boolean): void {
  const commit = settled.at(-1);
  const failure = settled.find((one) => one.status === 'rejected');
  if (commit?.status === 'fulfilled') {
    if (isAlone || commit.value.command === 'COMMIT') return;
    if (failure !== undefined) throw failure.reason;
    throw postgresErrors.ROLLED_BACK(
      'a statement of the unit of work failed, its error was not passed on, and so nothing was committed',
    );
  }
  if (failure !== undefined && isRefusedByServer(failure.reason)) throw failure.reason;
  throw postgresErrors.OUTCOME_UNKNOWN(
    'the connection broke after the COMMIT had been sent and before its answer came',
    { cause: failure?.reason },
  );
}
