import type { Schema } from '@dure/core';
import { event } from '@dure/messaging';
import { aggregate } from '../aggregate.ts';
import { fact } from '../fact.ts';

/** A validator without a library: an object that has at least these fields, of these types. */
function shape<T>(fields: Readonly<Record<keyof T & string, 'string' | 'number'>>): Schema<T, T> {
  return {
    '~standard': {
      version: 1,
      vendor: 'dure-testing',
      validate(value) {
        const from = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
        const issues = Object.entries(fields)
          .filter(([name, type]) => typeof from[name] !== type)
          .map(([name, type]) => ({ message: `expected ${String(type)}`, path: [name], code: 'invalid_type' }));
        return issues.length === 0 ? { value: value as T } : { issues };
      },
    },
  };
}

interface Amount {
  readonly account: string;
  readonly amount: number;
}

const moved = shape<Amount>({ account: 'string', amount: 'number' });

/** Money was put into an account. */
export const deposited = event('test.deposited', { schema: moved, key: ({ account }) => account });
/** Money was taken out of it. */
export const withdrawn = event('test.withdrawn', { schema: moved, key: ({ account }) => account });

/** An account of whole won that cannot be overdrawn, to test with; its state is kept after every third event. */
export const sampleAccount = aggregate('account', { id: 'account', initial: () => ({ balance: 0 }), snapshotEvery: 3 })
  .on(deposited, ({ balance }, { amount }) => ({ balance: balance + amount }))
  .on(withdrawn, ({ balance }, { amount }) => ({ balance: balance - amount }))
  .handle('deposit', (input: Amount) => fact(deposited, input))
  .handle(
    {
      name: 'withdraw',
      input: moved,
      refuses: { Overdrawn: { data: shape<{ balance: number }>({ balance: 'number' }) } },
    },
    (input, { balance }, fail) => (balance < input.amount ? fail.Overdrawn({ balance }) : fact(withdrawn, input)),
  )
  .handle('close', ({ account }: { readonly account: string }, { balance }) =>
    balance === 0 ? [] : [fact(withdrawn, { account, amount: balance })],
  );
