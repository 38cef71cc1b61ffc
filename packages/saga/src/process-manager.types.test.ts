import { test } from 'node:test';
import type { Schema } from '@dure/core';
import type { CommandType, EventType, RefusalSpecs } from '@dure/messaging';
import { processManager } from './process-manager.ts';
import type { Saga } from './saga.ts';
import { send } from './send.ts';

type Command<Input, Output = void, R extends RefusalSpecs = Record<never, never>> = CommandType<
  'command',
  Input,
  Output,
  R
>;

declare const reserve: Command<
  { orderId: string; count: number },
  { reservationId: string },
  { readonly OutOfStock: { readonly status: 409; readonly data: Schema<{ available: number }> } }
>;
declare const release: Command<{ orderId: string; reservationId?: string | undefined }>;
declare const agreed: EventType<'desk.agreed', { by: string }, { by: string }>;
declare const Checkout: Schema<{ orderId: string; count?: number }, { orderId: string; count: number }>;

interface Tx {
  update(text: string): Promise<void>;
}

/** Never called: whether it compiles is the test. */
function definitions() {
  const draft = processManager('gather', { input: Checkout, key: (d) => d.orderId });
  const whole = draft
    .command('reserve', reserve, {
      undo: send(release, (c) => ({ orderId: c.item.orderId, reservationId: c.result?.reservationId })),
    })
    .local('note', (tx: Tx, c: { readonly item: string }) => tx.update(c.item))
    .event('agreed', agreed, (c) => c.input.orderId)
    .timer('patience');
  const ended: Saga<{ orderId: string; count?: number }, Tx> = whole
    .decide({
      initial: (input) => ({ wanted: input.count, by: [] as readonly string[] }),
      evolve: (state, happened) =>
        happened.what === 'heard' ? { ...state, by: [...state.by, happened.data.by] } : state,
      decide(state, happened, c) {
        if (happened.what === 'done' && happened.step === 'reserve') {
          const id: string = happened.result.reservationId;
          const count: number = happened.data.count;
          return [c.run('note', `${id} ${count}`)];
        }
        if (happened.what === 'refused' && happened.step === 'reserve') {
          const code: 'OutOfStock' = happened.code;
          return [c.turnBack(code, { left: happened.refusal.available })];
        }
        if (happened.what === 'woke') return happened.timer === 'patience' ? [c.complete()] : [];
        // @ts-expect-error there is no such thing to happen
        if (happened.what === 'lost') return [];
        return [
          c.send('reserve', { orderId: c.input.orderId, count: state.wanted }),
          c.wake('patience', 1_000),
          c.cancel('patience'),
          // @ts-expect-error no such command was declared
          c.send('release', { orderId: '' }),
          // @ts-expect-error data of another form
          c.send('reserve', { orderId: 1 }),
          // @ts-expect-error no such timer was declared
          c.wake('impatience', 1_000),
          // @ts-expect-error local work takes a string
          c.run('note', 1),
        ];
      },
    })
    .end({
      completed: (tx: Tx, c) => tx.update(`${c.input.orderId} ${c.state.wanted}`),
      turnedBack: async (tx: Tx, c, why) => {
        if (why.reason === 'refused') await tx.update(`${c.state.by.length} ${why.code}`);
      },
    });
  // @ts-expect-error a name is taken once
  whole.timer('reserve');
  // @ts-expect-error its state has this name
  whole.timer('state');
  // @ts-expect-error an undo cannot be refused
  whole.command('again', reserve, { undo: send(reserve, () => ({ orderId: '', count: 1 })) });
  whole.decide({
    initial: () => ({ count: 0 }),
    // @ts-expect-error a state stays what it is
    evolve: () => ({ counted: 0 }),
    decide: () => [],
  });
  return ended;
}

test('definitions of process managers are checked by the compiler', () => void definitions);
