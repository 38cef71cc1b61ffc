import { test } from 'node:test';
import type { Schema } from '@dure/core';
import type { CommandType, RefusalSpecs } from '@dure/messaging';
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

declare const reserve: Command<
  { orderId: string; count: number },
  { reservationId: string },
  Refuses<'OutOfStock', { available: number }>
>;
declare const release: Command<{ orderId: string; reservationId?: string | undefined }>;
declare const capture: Command<{ reservationId: string }, { receipt: string }, Refuses<'Declined', { why: string }>>;
declare const ship: Command<{ receipt: string }, { shipmentId: string }>;
declare const Checkout: Schema<{ orderId: string; count?: number }, { orderId: string; count: number }>;

interface Tx {
  update(text: string): Promise<void>;
}

interface Known {
  readonly input: { readonly orderId: string };
}

/** Never called: whether it compiles is the test. */
function definitions() {
  const draft = saga('place-order', { input: Checkout, key: (d) => d.orderId });
  const reserving = draft.step(
    'reserve',
    send(reserve, (c) => ({ orderId: c.input.orderId, count: c.input.count })),
    { undo: send(release, (c) => ({ orderId: c.input.orderId, reservationId: c.result?.reservationId })) },
  );
  const decided = reserving.pivot(
    'capture',
    send(capture, (c) => ({ reservationId: c.done.reserve.reservationId })),
  );

  const whole: Saga<{ orderId: string; count?: number }, Tx> = decided
    .step(
      'ship',
      send(ship, (c) => ({ receipt: c.done.capture.receipt })),
      { timeoutMs: 5_000 },
    )
    .end({
      completed: (tx: Tx, c) => tx.update(`${c.input.orderId} ${c.done.ship.shipmentId}`),
      compensated: async (tx: Tx, c, why) => {
        const code: 'OutOfStock' | 'Declined' | 'timed-out' | 'called-off' =
          why.reason === 'refused' ? why.code : why.reason;
        if (why.reason === 'refused' && why.step === 'reserve') await tx.update(String(why.data.available.toFixed()));
        await tx.update(`${code} ${c.done.reserve?.reservationId}`);
        // @ts-expect-error a step may not have been done when the saga turned back
        await tx.update(c.done.reserve.reservationId);
        // @ts-expect-error the refusal's data is not known before its step is
        why.data.available;
      },
    });

  const doing = send(reserve, (c: Known) => ({ orderId: c.input.orderId, count: 1 }));
  const undo = send(release, (c: Known) => ({ orderId: c.input.orderId }));
  const refusable = send(capture, (c: Known) => ({ reservationId: c.input.orderId }));
  const early = send(reserve, (c: Known & { readonly done: { readonly later: string } }) => ({
    orderId: c.done.later,
    count: 1,
  }));
  const hasty = send(release, (c: Known & { readonly result: { readonly reservationId: string } }) => ({
    orderId: c.result.reservationId,
  }));

  // @ts-expect-error a step before the pivot must say how it is undone
  draft.step('reserve', doing, { timeoutMs: 1 });
  // @ts-expect-error a step before the pivot must say how it is undone
  draft.step('reserve', doing);
  draft.step('reserve', doing, { nothingToUndo: 'it expires' });
  // @ts-expect-error either it is undone or there is nothing to undo
  draft.step('reserve', doing, { undo, nothingToUndo: 'no' });
  // @ts-expect-error a compensation must not be refusable
  draft.step('reserve', doing, { undo: refusable });
  // @ts-expect-error nobody knows whether the step was done, so its result may be missing
  draft.step('reserve', doing, { undo: hasty });
  // @ts-expect-error the result does not exist yet
  draft.step('reserve', early, { undo });
  // @ts-expect-error the payload lacks a field
  send(reserve, (c: Known) => ({ orderId: c.input.orderId }));
  // @ts-expect-error the payload has a field of another type
  send(reserve, (c: Known) => ({ orderId: c.input.orderId, count: 'many' }));
  // @ts-expect-error the name is taken
  reserving.step('reserve', doing, { undo });
  // @ts-expect-error a step after the pivot must not be refusable
  decided.step('again', doing);
  // @ts-expect-error there is one pivot
  decided.pivot('again', refusable);
  // @ts-expect-error the result of a step that was skipped does not exist
  decided.end({ completed: (tx: Tx, c) => tx.update(c.done.ship.shipmentId) });
  // @ts-expect-error the saga starts with something else
  const other: Saga<{ orderId: number }, Tx> = whole;
  void other;
  return whole;
}

test('what must not compile does not compile', () => void definitions);
