import { Refusal } from '@dure/core';
import type { AnyCommand, Message, ReplyData } from '@dure/messaging';
import type { ClaimStore } from './claim-store.port.ts';

/** The refusal of a command whose resource another saga holds. */
export const busyCode = 'Busy';

/**
 * Guards a participant's handlers by the semantic locks that its commands declare. Claims are made in the handler's own
 * transaction and kept until the saga has ended or has taken the step back; whoever finds one is told so, and asks again. Which of two gives up is decided by age (wait-die, after Rosenkrantz, Stearns and Lewis,
 * 1978), and a saga's age stands in its id, a UUIDv7. Runs inside `fenced`, so that a repeated command is not refused.
 *
 * @example
 * const guard = fenced(postgresSagaFence());
 * const claiming = claimed(postgresClaims());
 * const reply = await guard(message, tx, () => claiming(command, message, tx, () => carryOut(message, call, tx)));
 */
export function claimed<Tx>(store: ClaimStore<Tx>): Claimed<Tx> {
  return async (command, message, tx, run) => {
    const mark = message.meta.saga;
    if (mark?.direction === 'undo') {
      const reply = await run();
      if (reply.ok) await store.release(tx, mark.id, mark.step);
      return reply;
    }
    const { claims } = command;
    if (mark?.direction !== 'do' || claims === undefined) return run();
    const holder = await store.claim(tx, mark, claims.resources(message.data as never));
    if (holder === undefined) return run();
    const { service, name: operation } = command;
    const data = { policy: policyFor(claims.policy, mark.id, holder) };
    // Thrown, so that what was claimed until here is taken back.
    throw new Refusal({ service, operation, code: busyCode, data, status: 409 });
  };
}

/** Carries out a command unless another saga holds what it claims. */
export type Claimed<Tx> = (
  command: AnyCommand,
  message: Message,
  tx: Tx,
  run: () => Promise<ReplyData>,
) => Promise<ReplyData>;

type Policy = NonNullable<NonNullable<AnyCommand['claims']>['policy']>;

function policyFor(policy: Policy | undefined, asking: string, holder: string): 'refuse' | 'wait' | 'die' {
  if (policy === 'refuse' || policy === 'wait') return policy;
  return asking < holder ? 'wait' : 'die';
}
