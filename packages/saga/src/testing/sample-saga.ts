import type { Schema } from '@dure/core';
import type { CommandType, RefusalSpecs } from '@dure/messaging';
import { saga } from '../saga-builder.ts';
import { send } from '../send.ts';

/** A validator without a library: an object that has at least these fields, of these types. */
function shape<T>(fields: Readonly<Record<string, 'string' | 'number'>>): Schema<T, T> {
  return {
    '~standard': {
      version: 1,
      vendor: 'dure-testing',
      validate(value) {
        const from = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
        const issues = Object.entries(fields)
          .filter(([name, type]) => typeof from[name] !== type)
          .map(([name, type]) => ({ message: `expected ${type}`, path: [name], code: 'invalid_type' }));
        return issues.length === 0 ? { value: value as T } : { issues };
      },
    },
  };
}

type Command<Input, Output = void, R extends RefusalSpecs = Record<never, never>> = CommandType<
  string,
  Input & { readonly orderId: string },
  Output,
  R
>;

function command<Input, Output = void, R extends RefusalSpecs = Record<never, never>>(
  service: string,
  name: string,
  spec: { readonly output?: Schema<unknown, Output>; readonly refuses?: R } = {},
): Command<Input, Output, R> {
  return {
    kind: 'command',
    service,
    name,
    input: shape<Input & { readonly orderId: string }>({ orderId: 'string' }),
    output: spec.output,
    refuses: spec.refuses ?? ({} as R),
    key: ({ orderId }) => orderId,
    sensitive: [],
  };
}

const anything = shape<Record<never, never>>({});
const refuses = <const Code extends string, Data>(code: Code, data: Schema<Data, Data>) =>
  ({ [code]: { status: 409, data } }) as {
    readonly [C in Code]: { readonly status: number; readonly data: Schema<Data> };
  };

const Available = shape<{ readonly available: number }>({ available: 'number' });
const Reservation = shape<{ readonly reservationId: string }>({ reservationId: 'string' });

/** Commands of a small shop, to test with. */
export const sampleCommands = {
  reserve: command<
    { readonly count: number },
    { reservationId: string },
    ReturnType<typeof refuses<'OutOfStock', { readonly available: number }>>
  >('stock', 'reserve', { output: Reservation, refuses: refuses('OutOfStock', Available) }),
  release: command<{ readonly reservationId?: string | undefined }>('stock', 'release'),
  authorise: command<
    Record<never, never>,
    { authorisationId: string },
    ReturnType<typeof refuses<'Declined', Record<never, never>>>
  >('money', 'authorise', {
    output: shape<{ authorisationId: string }>({ authorisationId: 'string' }),
    refuses: refuses('Declined', anything),
  }),
  cancel: command('money', 'cancel'),
  notify: command('mail', 'notify'),
  capture: command<
    { readonly authorisationId: string },
    void,
    ReturnType<typeof refuses<'Expired', Record<never, never>>>
  >('money', 'capture', {
    refuses: refuses('Expired', anything),
  }),
  ship: command<Record<never, never>, { shipmentId: string }>('carrier', 'ship', {
    output: shape<{ shipmentId: string }>({ shipmentId: 'string' }),
  }),
};

/** What the sample's steps answer when all goes well. */
export const sampleAnswers = {
  reserve: { reservationId: 'r-1' },
  authorise: { authorisationId: 'a-1' },
  notify: null,
  capture: null,
  ship: { shipmentId: 's-1' },
} as const;

/** What the sample writes when it ends. */
export interface SampleTx {
  set(key: string, value: unknown): void;
}

const { reserve, release, authorise, cancel, notify, capture, ship } = sampleCommands;

/** What the sample starts with. */
export const sampleInput = shape<{ readonly orderId: string; readonly count: number }>({
  orderId: 'string',
  count: 'number',
});

/** A saga with every kind of step: reserve, authorise, notify (nothing to undo), capture (pivot), ship. */
export const sampleSaga = saga('buy', {
  input: sampleInput,
  key: ({ orderId }) => orderId,
  deadlineMs: 600_000,
})
  .step(
    'reserve',
    send(reserve, ({ input }) => input),
    {
      undo: send(release, ({ input, result }) => ({ orderId: input.orderId, reservationId: result?.reservationId })),
      timeoutMs: 1_000,
    },
  )
  .step(
    'authorise',
    send(authorise, ({ input: { orderId } }) => ({ orderId })),
    { undo: send(cancel, ({ input: { orderId } }) => ({ orderId })), timeoutMs: 1_000, attempts: 2 },
  )
  .step(
    'notify',
    send(notify, ({ input: { orderId } }) => ({ orderId })),
    { nothingToUndo: 'a mail cannot be called back' },
  )
  .pivot(
    'capture',
    send(capture, ({ input: { orderId }, done }) => ({ orderId, authorisationId: done.authorise.authorisationId })),
    { timeoutMs: 1_000 },
  )
  .step(
    'ship',
    send(ship, ({ input: { orderId } }) => ({ orderId })),
  )
  .end({
    completed: (tx: SampleTx, { input, done }) => tx.set(input.orderId, `shipped ${done.ship.shipmentId}`),
    compensated: (tx: SampleTx, { input }, why) => {
      const where = why.reason === 'called-off' ? `called off by ${why.by}` : `gave up at ${why.step}`;
      tx.set(input.orderId, why.reason === 'refused' ? `rejected ${why.code}` : where);
    },
  });
