import type { Call } from '@dure/core';
import type { Delivery, DeliveryOutcome, DeliveryWay, Effect, Message } from '@dure/messaging';
import { watchCall } from './call-watch.ts';
import type { Claimed } from './delivery-claim.ts';
import { claimBatch, namesOf, putBehind } from './delivery-claim.ts';
import { carryOut, causeOfMessage } from './delivery-work.ts';
import { LocalTransaction } from './local-transaction.ts';
import { PieceOfWork } from './piece-of-work.ts';
import type { Tx } from './transaction.ts';
import type { UnitKit } from './unit-kit.ts';

const name = 'deliver together';

/**
 * Applies messages of one stream in one transaction, each as a piece of work of its own: what one of them writes is sent before the next begins, which
 * therefore sees it. Undefined when nothing of it was committed, or nobody knows.
 */
export async function deliverTogether(
  kit: UnitKit,
  deliveries: readonly Delivery<Tx>[],
  way: DeliveryWay,
): Promise<readonly DeliveryOutcome[] | undefined> {
  const [head] = deliveries;
  if (head === undefined) return [];
  const began = kit.clock.monotonicMs();
  let outcome = 'committed';
  for (const { call } of deliveries) kit.open.begin(call);
  try {
    return await kit.around(head.call, (inner) => inOneTransaction(kit, inner, deliveries, way));
  } catch {
    // Why is told by the one that fails when it is delivered for itself.
    outcome = 'failed';
    return undefined;
  } finally {
    for (const { call } of deliveries) kit.open.end(call);
    kit.seconds.record((kit.clock.monotonicMs() - began) / 1_000, { unit: name, outcome });
  }
}

async function inOneTransaction(
  kit: UnitKit,
  call: Call,
  deliveries: readonly Delivery<Tx>[],
  way: DeliveryWay,
): Promise<readonly DeliveryOutcome[]> {
  const connection = await kit.pool.lease(call);
  const local = new LocalTransaction(connection, kit.clock, kit.begin, kit.group);
  const watch = watchCall(call, kit.clock, connection, name);
  const messages = deliveries.map((delivery) => delivery.message);
  const [head] = messages as [Message];
  const pieces: PieceOfWork[] = [];
  try {
    const [answer] = await watch.orEnd(local.all([claimBatch(head, messages, way)]));
    const outcomes = answer?.rows[0]?.outcomes as readonly Claimed['outcome'][];
    const those = (outcome: Claimed['outcome']) => deliveries.filter((_, index) => outcomes[index] === outcome);
    const parked = those('parked').map(({ message }) => message);
    if (parked.length > 0) await local.all([putBehind(parked, namesOf(head, way).parkedAs)]);
    const sent: Promise<number | undefined>[] = [];
    for (const { message, call: own, effect } of those('new')) {
      const piece = new PieceOfWork(kit, { call: own, cause: causeOfMessage(message), local, attempt: 1 });
      pieces.push(piece);
      await watch.orEnd(carryOutWhole(message, effect, piece));
      sent.push(leave(piece));
    }
    watch.stop();
    await local.commit([], []);
    const positions = await Promise.all(sent);
    for (const [index, piece] of pieces.entries()) piece.committed(positions[index]);
    return outcomes.map((outcome) => (outcome === 'new' ? 'applied' : outcome));
  } catch (error) {
    for (const piece of pieces) piece.end();
    await local.rollBack();
    throw error;
  } finally {
    watch.stop();
    kit.pool.release(connection);
  }
}

const savepoint = { text: 'savepoint effect', values: [] };

async function carryOutWhole(message: Message, effect: Effect<Tx>, piece: PieceOfWork): Promise<void> {
  // If it fails, so does every statement behind it.
  if (message.kind === 'command') piece.local.all([savepoint]).catch(() => undefined);
  await carryOut(message, effect, piece.tx, piece);
  await piece.complete();
}

/** Sends what a piece leaves, without waiting for the answer; if it fails, so does the COMMIT. */
function leave({ closing, messages, local }: PieceOfWork): Promise<number | undefined> {
  if (closing.length === 0 && messages.length === 0) return Promise.resolve(undefined);
  const sent = local.append(closing, messages);
  sent.catch(() => undefined);
  return sent;
}
