import { codeOf, ownCall, randomInteger, randomItem, wait } from '@dure/core';
import { eventSourcingErrors } from '@dure/event-sourcing';
import type { BufferedMessage, MessageDraft, StreamMark } from '@dure/messaging';
import { messageBuffer } from '@dure/messaging';
import type { Answer, Connection } from '../connection.ts';
import { openConnection } from '../connection.ts';
import type { Database } from '../database.ts';
import { flush, flushTogether, headsOf } from '../flush.ts';
import type { Statement } from '../statement.ts';
import { insideOf } from '../transaction.ts';
import type { StressData, StressKit } from './stress-tally.ts';
import { writerNames } from './stress-tally.ts';

const streams = 24;
const pauseMs = 5;

/** A flush that was sent, and the numbers that stand in the log when its transaction commits. */
interface Flushed {
  readonly answer: Promise<Answer>;
  readonly numbers: () => readonly number[];
}

/**
 * Writes on a session of its own, by either way to flush: commits, rolls back, rolls back to savepoints, dawdles between append and commit,
 * writes elsewhere first. When the session is killed it opens another.
 */
export async function writeAlone(kit: StressKit, until: AbortSignal): Promise<void> {
  while (!until.aborted) {
    try {
      await using connection = await openSession(kit.url);
      while (!until.aborted) await attempt(kit, connection);
    } catch {
      await wait(kit.clock, pauseMs);
    }
  }
}

/** Writes as a caller of a service does: the unit of work decides with whom it is committed. */
export async function writeTogether(kit: StressKit, db: Database, until: AbortSignal): Promise<void> {
  const { tally, ids, clock, random } = kit;
  while (!until.aborted) {
    const { drafts, numbers } = unitOf(kit, streamOf(kit), true);
    const isUnstorable = random.next() < 0.005;
    try {
      await db.uow(ownCall(writerNames.service, 'append', ids), async (tx) => {
        for (const draft of drafts) {
          insideOf(tx).buffer.put(isUnstorable ? { ...draft, data: { ...(draft.data as object), text: '\0' } } : draft);
        }
      });
      for (const number of numbers) tally.acknowledged.add(number);
    } catch (error) {
      const code = codeOf(error);
      if (code === eventSourcingErrors.CONFLICT.code) tally.missed += 1;
      else if (isUnstorable) tally.rolledBack += 1;
      else await wait(clock, pauseMs); // Killed: the pool opens another session.
    }
  }
}

async function openSession(url: string): Promise<Connection & AsyncDisposable> {
  const connection = await openConnection({
    url,
    name: writerNames.session,
    timeoutMs: 5_000,
    onLost: () => undefined,
  });
  return Object.assign(connection, { [Symbol.asyncDispose]: () => connection.close() });
}

async function attempt(kit: StressKit, connection: Connection): Promise<void> {
  try {
    await transaction(kit, connection);
  } catch (error) {
    if (connection.broken) throw error;
    kit.tally.rolledBack += 1; // A deadlock, or a lock that was not to be had in time.
    await connection.query('rollback');
  }
}

async function transaction(kit: StressKit, connection: Connection): Promise<void> {
  const { random, clock, tally } = kit;
  const dice = random.next();
  connection.query('begin').catch(() => undefined);
  if (dice < 0.1) await connection.query('select pg_current_xact_id()'); // Owns a transaction id early.
  if (dice >= 0.1 && dice < 0.2) {
    const undone = connection.together(() => [
      connection.query('savepoint s'),
      append(kit, connection).answer,
      connection.query('rollback to savepoint s'),
    ]);
    await Promise.all(undone);
  }
  if (dice >= 0.2 && dice < 0.3) {
    await Promise.all(connection.together(() => [append(kit, connection).answer, connection.query('rollback')]));
    tally.rolledBack += 1;
    return;
  }
  const flushed: Flushed[] = [];
  if (dice > 0.99) {
    const early = append(kit, connection);
    flushed.push(early);
    await early.answer;
    await wait(clock, randomInteger(random, 20, 150));
  }
  const committed = connection.together(() => {
    const last = append(kit, connection);
    flushed.push(last);
    return [last.answer, connection.query('commit')];
  });
  const answers = await Promise.all(committed);
  if (answers.at(-1)?.command !== 'COMMIT') return;
  for (const { numbers } of flushed) for (const number of numbers()) tally.acknowledged.add(number);
}

/** One unit by `dure.flush`, or several at once as a service sends them. */
function append(kit: StressKit, connection: Connection): Flushed {
  const { random } = kit;
  const send = ({ text, values, name }: Statement) => connection.query(text, values, name);
  if (random.next() < 0.7) {
    const unit = unitOf(kit, streamOf(kit), false);
    return { answer: send(flush(buffered(kit, unit.drafts))), numbers: () => unit.numbers };
  }
  const names = new Set(Array.from({ length: randomInteger(random, 2, 4) }, () => streamOf(kit)));
  const units = [...names].map((stream) => unitOf(kit, stream, false));
  let written: readonly number[] = [];
  const sent = units.map(({ drafts }) => {
    const messages = buffered(kit, drafts);
    return { messages, head: headsOf(messages)[0] };
  });
  const answer = send(flushTogether(sent)).then((answered) => {
    written = numbersWritten(kit, units, answered);
    return answered;
  });
  return { answer, numbers: () => written };
}

/** Of units that went together, those that neither missed the version of their stream nor found it held. */
function numbersWritten({ tally }: StressKit, units: readonly Unit[], answer: Answer): readonly number[] {
  const [row] = answer.rows;
  const missed = ((row?.missed ?? []) as readonly { readonly u: number }[]).map(({ u }) => u);
  const busy = (row?.busy ?? []) as readonly number[];
  tally.missed += missed.length;
  tally.busy += busy.length;
  const left = new Set([...missed, ...busy]);
  return units.flatMap(({ numbers }, index) => (left.has(index + 1) ? [] : numbers));
}

interface Unit {
  readonly drafts: readonly MessageDraft[];
  readonly numbers: readonly number[];
}

/** Messages of a stream, or of none. */
function streamOf({ random }: StressKit): string | undefined {
  return random.next() < 0.7 ? `s${randomInteger(random, 1, streams)}` : undefined;
}

/** One message or a few, which one transaction of a service writes. */
function unitOf({ random, clock, tally }: StressKit, stream: string | undefined, isOfService: boolean): Unit {
  const count = random.next() < 0.8 ? 1 : randomInteger(random, 2, 4);
  const unit = tally.drawn + 1;
  const numbers = Array.from({ length: count }, () => {
    tally.drawn += 1;
    return tally.drawn;
  });
  // Whoever expects a version that is not there gets nothing, and disturbs nobody.
  const expected = isOfService ? randomItem(random, ['any', 'any', 'any', 'exists', 'none'] as const) : 'any';
  const mark: StreamMark | undefined =
    stream === undefined ? undefined : { name: stream, expected: expected ?? 'any', mayRepeat: false };
  const drafts = numbers.map((number): MessageDraft => {
    const data: StressData = { number, unit, isOfService, at: clock.monotonicMs() };
    const draft = { kind: 'event', type: 'stress.appended', version: 1, key: stream ?? 'k', data } as const;
    return mark === undefined ? draft : { ...draft, stream: mark };
  });
  return { drafts, numbers };
}

function buffered({ clock, ids }: StressKit, drafts: readonly MessageDraft[]): readonly BufferedMessage[] {
  const buffer = messageBuffer({ service: 'stress', clock, ids, cause: { correlation: 'stress' } });
  for (const draft of drafts) buffer.put(draft);
  return buffer.messages;
}
