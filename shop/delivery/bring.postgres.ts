import type { Tx } from '@dure/postgres';
import { reaction } from '@dure/service/server';
import { ranLow } from '@shop/inventory/contract';
import { brought, notBrought } from './contract.ts';
import { canBring } from './domain/makers.ts';
import type { DeliveryTables } from './shipments.postgres.ts';

// region bring
/** What runs low is brought from its maker, who may have none. */
export const bring = reaction('delivery.bring', {
  flow: 'restocking',
  when: ranLow,
  emits: [brought, notBrought],
  run: async ({ sku, round, wanted }, _call, _tx: Tx<DeliveryTables>, emit) => {
    if (canBring(sku)) emit(brought, { sku, round, quantity: wanted });
    else emit(notBrought, { sku, round });
  },
});
// endregion
