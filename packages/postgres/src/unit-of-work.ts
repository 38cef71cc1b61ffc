import type { Call, Clock } from '@dure/core';
import { isRefusal, timeLeftMs, wait } from '@dure/core';
import type { MessageCause } from '@dure/messaging';
import { causeOf } from '@dure/messaging';
import type { Span } from '@dure/telemetry';
import { watchCall } from './call-watch.ts';
import type { Answer } from './connection.ts';
import { postgresErrors } from './errors.ts';
import { conflictOf, isRepeatableConflict } from './event-sourcing/stream-conflict.ts';
import { LocalTransaction } from './local-transaction.ts';
import { PieceOfWork } from './piece-of-work.ts';
import { refusedWrite } from './refused-writes.ts';
import { isBeyondPartitions, isCollision, isUnstorable } from './sql-state.ts';
import type { Statement } from './statement.ts';
import type { Tx } from './transaction.ts';
import type { OpenUnit, UnitKit } from './unit-kit.ts';

/** What one kind of unit of work does at each moment. */
export interface UnitPlan<T> {
  /** The name of its span. */
  readonly name: string;
  /** What its messages say of flow, cause and trace; by default what the call says. */
  readonly cause?: (call: Call) => MessageCause;
  /** Sent with the BEGIN and answered before `work` begins. */
  readonly opening?: readonly Statement[];
  /** Looks at the answers of `opening`; a value ends the unit without running `work`. */
  readonly decide: (answers: readonly Answer[]) => { readonly value: T } | undefined;
  readonly work: (tx: Tx, open: OpenUnit) => Promise<T>;
  /** Sent in the packet of the COMMIT. */
  readonly closing?: (value: T) => readonly Statement[];
}

const maxAttempts = 5;

/**
 * Runs a unit of work: BEGIN, work, then everything that was buffered and the COMMIT in one packet. Runs again after
 * a collision, or when the connection is lost before the COMMIT.
 */
export async function runUnit<T>(kit: UnitKit, call: Call, plan: UnitPlan<T>): Promise<T> {
  const span = kit.telemetry.startSpan(plan.name, { parent: call.trace, kind: 'internal' });
  const began = kit.clock.monotonicMs();
  let outcome = 'committed';
  kit.open.begin(call);
  try {
    const traced = call.with({ trace: span.context });
    return await kit.around(traced, (inner) => runAttempts(kit, inner, plan, span));
  } catch (error) {
    outcome = isRefusal(error) ? 'refused' : 'failed';
    span.fail(error);
    throw error;
  } finally {
    kit.open.end(call);
    span.end();
    kit.seconds.record((kit.clock.monotonicMs() - began) / 1_000, { unit: plan.name, outcome });
  }
}

async function runAttempts<T>(kit: UnitKit, call: Call, plan: UnitPlan<T>, span: Span): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await runOnce(kit, call, plan, attempt);
    } catch (error) {
      const isBeyond = isBeyondPartitions(error);
      if (isBeyond) await kit.extendLog();
      const collided = isBeyond || isCollision(error);
      const conflicted = isRepeatableConflict(error);
      if (!collided && !conflicted && !isLost(error)) throw error;
      if (attempt === maxAttempts) {
        if (!collided) throw error;
        throw postgresErrors.CONTENTION(
          `${plan.name} of ${kit.service} collided with other transactions ${attempt} times in a row`,
          { cause: error, details: { attempts: attempt } },
        );
      }
      span.event('again', { attempt, reason: reasonOf(collided, conflicted) });
      await wait(kit.clock, kit.random.next() * 10 * 2 ** attempt, call.signal);
    }
  }
}

function reasonOf(collided: boolean, conflicted: boolean): string {
  if (collided) return 'collision';
  return conflicted ? 'conflict' : 'connection lost';
}

async function runOnce<T>(kit: UnitKit, call: Call, plan: UnitPlan<T>, attempt: number): Promise<T> {
  const { clock } = kit;
  refuseEnded(call, clock, plan.name);
  const connection = await kit.pool.lease(call);
  const local = new LocalTransaction(connection, clock, kit.begin, kit.group);
  const watch = watchCall(call, clock, connection, plan.name);
  const piece = new PieceOfWork(kit, { call, cause: plan.cause ?? causeOf, local, attempt });
  try {
    if (plan.opening !== undefined) {
      const decided = plan.decide(await watch.orEnd(local.all(plan.opening)));
      if (decided !== undefined) {
        await local.rollBack();
        return decided.value;
      }
    }
    const value = await watch.orEnd(plan.work(piece.tx, piece));
    await watch.orEnd(piece.complete());
    watch.stop();
    const position = await local.commit([...piece.closing, ...(plan.closing?.(value) ?? [])], piece.messages);
    piece.committed(position);
    return value;
  } catch (error) {
    piece.end();
    const ended = watch.stop();
    const broken = local.broken;
    kit.refused.note(error);
    await local.rollBack();
    throw ended ?? conflictOf(error, piece.messages) ?? explained(error, broken, kit.service);
  } finally {
    piece.end();
    watch.stop();
    kit.pool.release(connection);
  }
}

function refuseEnded(call: Call, clock: Clock, name: string): void {
  if (call.signal.aborted) throw postgresErrors.CANCELLED(`the caller left before ${name} began`);
  if (timeLeftMs(call, clock) <= 0) throw postgresErrors.DEADLINE(`the deadline passed before ${name} began`);
}

const lost = new WeakSet<object>();

function isLost(error: unknown): boolean {
  return error instanceof Error && lost.has(error);
}

/** What went wrong, in our words where we know more than PostgreSQL says. */
function explained(error: unknown, connectionLost: boolean, service: string): unknown {
  if (error instanceof Error && 'code' in error && error.code === postgresErrors.OUTCOME_UNKNOWN.code) return error;
  if (connectionLost) {
    const told = postgresErrors.CONNECTION_LOST(
      `the connection of ${service} to PostgreSQL broke; nothing was committed`,
      {
        cause: error,
      },
    );
    lost.add(told);
    return told;
  }
  if (!isUnstorable(error)) return refusedWrite(error, service) ?? error;
  return postgresErrors.DATA_UNSTORABLE(
    `a text of ${service} holds a character that PostgreSQL cannot store, such as NUL (\\u0000)`,
    { cause: error },
  );
}
