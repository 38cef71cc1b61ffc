import type { Clock, Random } from '@dure/core';
import { codeOf, ownCall, randomInteger, randomItem, wait } from '@dure/core';
import { testIds } from '@dure/core/testing';
import type { HistoryRecorder } from '@dure/messaging/testing';
import type { Database } from '../../database.ts';
import { postgresErrors } from '../../errors.ts';
import { put } from './history-services.ts';

/** What every client of a history run shares. */
export interface ClientKit {
  readonly clock: Clock;
  readonly random: Random;
  readonly recorder: HistoryRecorder;
}

const keys = Array.from({ length: 12 }, (_, index) => `k${index + 1}`);
const made = testIds(7);

/** A caller of `orders`: units of work of one message, of several of a stream, over two streams, of no stream, and such as fail. */
export async function writeUnits(
  { clock, random, recorder }: ClientKit,
  db: Database,
  until: AbortSignal,
): Promise<void> {
  while (await wait(clock, randomInteger(random, 20, 120), until)) {
    const [one, other] = [randomItem(random, keys) ?? '', randomItem(random, keys) ?? ''];
    const dice = random.next();
    // Of what has no stream, and locks nothing else, only single messages have an order.
    const chosen = dice < 0.1 ? ['free'] : dice < 0.6 ? [one] : dice < 0.75 ? [one, one, one] : [one, other];
    const fails = random.next() < 0.05;
    const unit = recorder.unit();
    try {
      await db.uow(ownCall('orders', 'write', made), async (tx) => {
        unit.starts();
        for (const key of chosen) unit.wrote(put(tx, 'orders', key, 'orders', key !== 'free'));
        if (fails) throw postgresErrors.ROLLED_BACK('the caller has thought better of it');
      });
      unit.ends('ok');
    } catch (error) {
      // Whatever else is said of a unit of work, it says that nothing was committed.
      unit.ends(codeOf(error) === postgresErrors.OUTCOME_UNKNOWN.code ? 'unknown' : 'failed');
    }
  }
}

/** A reader of a log, which goes on where it was, or at times from a place that it has passed. */
export async function pollLog(
  { clock, random, recorder }: ClientKit,
  { reader, log, db }: { readonly reader: string; readonly log: string; readonly db: Database },
  until: AbortSignal,
): Promise<void> {
  let after = 0;
  let continues = false;
  while (await wait(clock, randomInteger(random, 5, 60), until)) {
    try {
      const { messages, mark } = await db.log.read(after, 'all', randomInteger(random, 1, 200));
      if (mark === after) continue;
      const entries = messages.map(({ position, id }) => ({ position, id }));
      recorder.polled({ reader, log, after, mark, entries, continues });
      continues = random.next() > 0.01;
      after = continues ? mark : Math.max(0, mark - randomInteger(random, 1, 500));
    } catch {
      await wait(clock, 20); // The server is away, or the session was killed.
    }
  }
}
