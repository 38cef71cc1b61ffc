import { test } from 'node:test';
import type { Schema } from '@dure/core';
import type { CommandType, EventType, RefusalSpecs } from '@dure/messaging';
import type { Saga } from './saga.ts';
import { saga } from './saga-builder.ts';
import { send } from './send.ts';

type Refuses<Code extends string, Data> = {
  readonly [C in Code]: { readonly status: 409; readonly data: Schema<Data> };
};
type Command<Input, Output = void, R extends RefusalSpecs = Record<never, never>> = CommandType<
  'command',
  Input,
  Output,
  R
>;

declare const reserve: Command<{ orderId: string }, { reservationId: string }, Refuses<'OutOfStock', { left: number }>>;
declare const hold: Command<{ orderId: string }, { holdId: string }, Refuses<'Declined', { why: string }>>;
declare const undo: Command<{ orderId: string }>;
declare const ask: Command<{ orderId: string }, { done: boolean; result?: { reservationId: string } | undefined }>;
declare const ship: Command<{ orderId: string }, { shipmentId: string }>;
declare const Order: Schema<{ orderId: string; skus: string[] }, { orderId: string; skus: string[] }>;
declare const approved: EventType<'desk.approved', { by: string }, { by?: string }>;
declare const inner: Saga<{ orderId: string }, Tx, { readonly x: { readonly y: number } }>;

interface Tx {
  update(text: string): Promise<number>;
}
interface Known {
  readonly input: { readonly orderId: string };
}

const order = (c: Known) => ({ orderId: c.input.orderId });

/** Never called: whether it compiles is the test. */
function definitions() {
  const draft = saga('s', { input: Order, key: (d) => d.orderId });
  const undone = { undo: send(undo, order) };

  draft
    .parallel('hold', (group) =>
      group
        .branch('stock', send(reserve, order), {
          undo: send(undo, (c) => ({ orderId: c.result?.reservationId ?? '' })),
        })
        .branch('money', send(hold, order), undone),
    )
    .each(
      'lines',
      (c) => c.input.skus,
      (one) => one.send(reserve, (c) => ({ orderId: c.item.toLowerCase() })),
      { most: 2, ...undone },
    )
    .each(
      'any',
      () => [1, 2],
      (one) => one.send(reserve, (c) => ({ orderId: c.item.toFixed() })),
      { most: 2, join: 'any', ...undone },
    )
    .when(
      'large',
      (c) => c.input.skus.length > 1,
      (way) => way.step('extra', send(hold, order), undone),
    )
    .local('noted', (tx: Tx, c) => tx.update(c.done.hold.money.holdId), { nothingToUndo: 'a note' })
    .wait('approval', approved, { key: (c) => c.input.orderId, timeoutMs: 1, otherwise: 'turn-back' })
    .wait('maybe', approved, { key: (c) => c.input.orderId, timeoutMs: 1, otherwise: 'go-on' })
    .sub('inner', inner, (c) => ({ orderId: c.input.orderId }), { nothingToUndo: 'nothing' })
    .pivot(
      'decide',
      send(hold, (c) => ({ orderId: c.done.lines[0]?.reservationId ?? '' })),
    )
    .parallel('after', (group) => group.branch('ship', send(ship, order)))
    .local('done', (tx: Tx) => tx.update(''))
    .end({
      completed: (_tx: Tx, { done }) => {
        done.noted.toFixed();
        done.inner.x.y.toFixed();
        done.approval.by.trim();
        done.maybe?.by.trim();
        done.extra?.holdId.trim();
        done.any[0]?.reservationId.trim();
        done.after.ship.shipmentId.trim();
        done.large.valueOf();
        // @ts-expect-error nobody knows whether that way was gone
        done.extra.holdId;
        // @ts-expect-error one that was not needed has no result
        const [first]: readonly { reservationId: string }[] = done.any;
        // @ts-expect-error it may have gone on without
        done.maybe.by;
        return void first;
      },
      compensated: (_tx: Tx, _c, why) => {
        if (why.reason === 'refused' && why.step === 'hold.money') why.data.why.trim();
        if (why.reason === 'refused' && why.step === 'lines.1') why.data.left.toFixed();
        if (why.reason === 'called-off') why.by.trim();
      },
    });

  draft.step('a', send(reserve, order), { ...undone, status: send(ask, order) });
  // @ts-expect-error what tells whether it was done must tell the same result
  draft.step('a', send(hold, order), { ...undone, status: send(ask, order) });
  // @ts-expect-error a branch before the pivot says how it is undone
  draft.parallel('hold', (group) => group.branch('stock', send(reserve, order)));
  draft.parallel('hold', (group) => {
    const one = group.branch('a', send(reserve, order), undone);
    // @ts-expect-error two branches have one name
    return one.branch('a', send(reserve, order), undone);
  });
  const items = () => ['a'];
  const yes = () => true;
  const timing = { ...undone, timeoutMs: 1 };
  // @ts-expect-error a fan-out says how many at once
  draft.each('lines', items, (one) => one.send(reserve, () => ({ orderId: '' })), timing);
  // @ts-expect-error a local step says how it is undone
  draft.local('noted', (tx: Tx) => tx.update(''), {});
  // @ts-expect-error there is no pivot in one way
  draft.when('w', yes, (way) => way.pivot('p', send(hold, order)));
  const decided = draft.pivot('p', send(hold, order));
  // @ts-expect-error a branch after the pivot must not be refusable
  decided.parallel('after', (group) => group.branch('ship', send(hold, order)));
  // @ts-expect-error after the pivot nothing turns back
  decided.wait('approval', approved, { key: () => '', timeoutMs: 1, otherwise: 'turn-back' });
}

test('what must not compile of groups, ways and waits does not compile', () => void definitions);
