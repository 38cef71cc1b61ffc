import type { Tx } from '@dure/postgres';
import { migrations } from '@dure/postgres';
import { reaction, service } from '@dure/service/server';
import { depot, depotRefused, depotSent, stockRanLow } from '../contracts.ts';

const send = reaction('depot.send', {
  flow: 'restocking',
  when: stockRanLow,
  emits: [depotSent, depotRefused],
  run: async ({ sku, count }, _call, _tx: Tx, emit) => {
    if (sku === 'tea') emit(depotSent, { sku, count });
    if (sku === 'cup') emit(depotRefused, { sku });
    // Of ghosts it says nothing, which is a mistake: the flow stalls, and its watcher says so.
  },
});

/** Sends tea, has no cups, and forgets about ghosts. */
export const depotService = service({
  contract: depot,
  database: migrations<unknown>(import.meta.dirname),
  reactions: [send],
  start: () => ({}),
});
