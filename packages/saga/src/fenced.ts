import type { Message, ReplyData, SagaMark } from '@dure/messaging';
import { busyCode } from './claims.ts';
import type { FencedMark, FenceRow, SagaFence } from './saga-fence.port.ts';

/** Carries out a command message, or answers it from what is known. */
export type Fenced<Tx> = (message: Message, tx: Tx, run: () => Promise<ReplyData>) => Promise<ReplyData>;

/** The refusal of a command whose step was taken back before it arrived. */
export const cancelledCode = 'Cancelled';

/**
 * Guards a participant's handlers against the three hazards of commands that are sent again and taken back (Apache
 * Seata: idempotence, empty rollback, suspension). A command that was answered gets the same answer again; a
 * compensation that comes before its command has nothing to undo and leaves a tombstone; a command that comes after its
 * compensation is refused with `Cancelled`. Commands that belong to no saga pass untouched.
 *
 * @example
 * const guard = fenced(postgresSagaFence());
 * const reply = await guard(message, tx, () => carryOut(message, call, tx));
 */
export function fenced<Tx>(fence: SagaFence<Tx>): Fenced<Tx> {
  return async (message, tx, run) => {
    const mark = message.meta.saga;
    if (!isFenced(mark)) return run();
    const row = await fence.claim(tx, mark);
    const known = fencedAnswer(row, mark.direction);
    const reply = known ?? (await fence.guarded(tx, run));
    if (row[mark.direction] === undefined && worthKeeping(mark.direction, known, reply)) fence.record(tx, mark, reply);
    return reply;
  };
}

/** Whoever only asks what was done gets an answer of the moment. */
function isFenced(mark: SagaMark | undefined): mark is FencedMark {
  return mark?.direction === 'do' || mark?.direction === 'undo';
}

/** An answer for the moment: the command will come again. */
function isBusy(reply: ReplyData): boolean {
  return !reply.ok && reply.refusal.code === busyCode;
}

/** The answer that a command gets without being carried out; undefined when it is to be carried out. */
export function fencedAnswer(row: FenceRow, direction: 'do' | 'undo'): ReplyData | undefined {
  if (row[direction] !== undefined) return row[direction];
  if (direction === 'undo') return row.do?.ok === true ? undefined : { ok: true, value: null };
  return row.undo === undefined ? undefined : { ok: false, refusal: { code: cancelledCode, data: {} } };
}

/** A late command leaves no trace, and a compensation that was refused may succeed another time. */
function worthKeeping(direction: 'do' | 'undo', known: ReplyData | undefined, reply: ReplyData): boolean {
  return direction === 'undo' ? reply.ok : known === undefined && !isBusy(reply);
}
