import { event } from '@dure/messaging';
import { contract, post } from '@dure/service/contract';
import { order as shopOrder } from '@shop/order/contract';
import { z } from 'zod';

const { body, output } = shopOrder.operations.place.spec;

export const orderPlaced = event('order.placed', {
  schema: z.object({ orderId: z.uuid(), customerId: z.uuid(), order: z.unknown() }),
  key: ({ orderId }) => orderId,
});

/** The shop's `place` as it stands, without what happens to an order afterwards. */
export const order = contract(
  'order',
  { place: post('/orders', { body, output, status: 202, access: 'user', idempotent: 'key' }) },
  { emits: [orderPlaced] },
);
