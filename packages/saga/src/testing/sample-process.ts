import { event } from '@dure/messaging';
import { processManager } from '../process-manager.ts';
import { send } from '../send.ts';
import { sampleCommands, sampleInput } from './sample-saga.ts';

const { reserve, release, notify } = sampleCommands;

/** Somebody has agreed; heard by the sample, twice. */
export const agreed = event('desk.agreed', { schema: sampleInput, key: ({ orderId }) => orderId });

/** What the sample knows. */
export interface Gathering {
  readonly reservation: string | undefined;
  readonly refusals: number;
  readonly agreements: number;
}

/**
 * A process that is no sequence: it reserves, again after a minute when there is nothing, three times at most; and hears meanwhile
 * that two have agreed. It completes when it has both, in whatever order.
 */
export const sampleProcess = processManager('gather', {
  input: sampleInput,
  key: ({ orderId }) => orderId,
  deadlineMs: 600_000,
})
  .command('reserve', reserve, {
    undo: send(release, ({ item, result }) => ({ orderId: item.orderId, reservationId: result?.reservationId })),
    timeoutMs: 1_000,
    attempts: 2,
  })
  .command('notify', notify)
  .local('note', (tx: { set(key: string, value: unknown): void }, { item }: { readonly item: string }) =>
    tx.set('note', item),
  )
  .event('agreed', agreed, ({ input }) => input.orderId)
  .timer('patience')
  .decide({
    initial: (): Gathering => ({ reservation: undefined, refusals: 0, agreements: 0 }),
    evolve(state, happened) {
      if (happened.what === 'heard') return { ...state, agreements: state.agreements + happened.data.count };
      if (happened.what === 'refused') return { ...state, refusals: state.refusals + 1 };
      if (happened.what === 'done' && happened.step === 'reserve')
        return { ...state, reservation: happened.result.reservationId };
      return state;
    },
    decide(state, happened, c) {
      const { orderId, count } = c.input;
      if (happened.what === 'started' || happened.what === 'woke') return [c.send('reserve', { orderId, count })];
      if (happened.what === 'unanswered' && happened.step === 'reserve') return [c.turnBack('Unanswered')];
      if (happened.what === 'refused' && happened.step === 'reserve') {
        const { available } = happened.refusal;
        if (state.refusals >= 3) return [c.turnBack('NothingLeft', { available })];
        return [c.run('note', `${available} left`), c.send('notify', { orderId }), c.wake('patience', 60_000)];
      }
      return state.reservation !== undefined && state.agreements >= 2 ? [c.cancel('patience'), c.complete()] : [];
    },
  })
  .end({
    completed: (tx: { set(key: string, value: unknown): void }, { input, state }) =>
      tx.set(input.orderId, `gathered ${state.reservation}`),
    turnedBack: (tx: { set(key: string, value: unknown): void }, { input, state }, why) =>
      tx.set(input.orderId, `${why.reason === 'refused' ? why.code : why.reason} after ${state.refusals}`),
  });
