import type { UnitOfWork } from '@dure/messaging';

/** Where a process dies: at which of all transactions, before its commit, or behind it, when nobody hears of it any more. */
export interface Death {
  readonly at: number;
  readonly moment: 'before' | 'after';
}

/** Counts the transactions of all that share it. */
export interface Mortality {
  /** Transactions so far, of the dead one as well. */
  transactions: number;
  /** Whether it has struck. */
  struck: boolean;
}

/** The same database, in one of whose transactions its process dies: the rejection is the death, which whoever calls must take for it. */
export function mortal<Tx, Units extends UnitOfWork<Tx>>(
  units: Units & UnitOfWork<Tx>,
  tally: Mortality,
  death?: Death,
): Units {
  const died = () => new TypeError('the process has died');
  const uow: UnitOfWork<Tx>['uow'] = async (call, work) => {
    tally.transactions += 1;
    if (tally.transactions !== death?.at) return units.uow(call, work);
    tally.struck = true;
    const value = await units.uow(call, async (tx) => {
      const done = await work(tx);
      if (death.moment === 'before') throw died();
      return done;
    });
    if (death.moment === 'after') throw died();
    return value;
  };
  return Object.assign(Object.create(units) as Units, { uow });
}
