import { event } from '@dure/messaging';
import { contract, get, post } from '@dure/service/contract';
import { Address } from '@shop/delivery/contract';
import { PaymentMethod } from '@shop/payment/contract';
import { z } from 'zod';

const Amount = z.object({ amount: z.int().min(0), currency: z.literal('KRW') });

/** `pending` until the checkout has decided; `confirmed` and `rejected` are final. */
export const OrderState = z.enum(['pending', 'confirmed', 'rejected']);

/** Why an order was rejected: a refusal's code and what it told. */
export const Rejection = z.object({
  reason: z.enum(['OutOfStock', 'Declined', 'CaptureRefused', 'TimedOut']),
  data: z.record(z.string(), z.unknown()),
});

/** An order as its customer sees it. Prices are those at which it was placed. */
export const Order = z.object({
  orderId: z.uuid(),
  state: OrderState,
  /** Set when the order was rejected. */
  reason: Rejection.shape.reason.optional(),
  reasonData: Rejection.shape.data.optional(),
  lines: z.array(z.object({ sku: z.string(), quantity: z.int(), price: Amount })),
  total: Amount,
  placedAt: z.iso.datetime(),
  /** When it was confirmed or rejected. */
  decidedAt: z.iso.datetime().optional(),
  /** Set when the goods are on their way. */
  shipmentId: z.uuid().optional(),
});

/** Somebody wants to buy something. */
export const orderPlaced = event('order.placed', {
  schema: z.object({
    orderId: z.uuid(),
    customerId: z.uuid(),
    lines: z.array(z.object({ sku: z.string(), quantity: z.int() })),
    total: Amount,
  }),
  key: ({ orderId }) => orderId,
});

/** It is paid for and on its way. */
export const orderConfirmed = event('order.confirmed', {
  schema: z.object({ orderId: z.uuid(), customerId: z.uuid() }),
  key: ({ orderId }) => orderId,
});

/** It came to nothing; whatever was reserved or held has been given back. */
export const orderRejected = event('order.rejected', {
  schema: z.object({ orderId: z.uuid(), customerId: z.uuid(), reason: Rejection.shape.reason }),
  key: ({ orderId }) => orderId,
});

/** What an order would get just now, for whoever asks. */
export const Offer = z.object({
  /** Taken off each price, in percent of it. */
  discountPercent: z.int().min(0).max(90),
  /** Whether the customer is told when it arrives. */
  promisesDelivery: z.boolean(),
});

const UnknownOrder = { status: 404, data: z.object({ orderId: z.string() }) };
const OrderId = z.object({ orderId: z.uuid() });

/** Orders, and the checkout that carries them through. */
export const order = contract(
  'order',
  {
    place: post('/orders', {
      summary: 'Places an order; the checkout decides on it afterwards',
      body: z.object({
        lines: z
          .array(z.object({ sku: z.string().min(1).max(40), quantity: z.int().min(1).max(99) }))
          .min(1)
          .max(50),
        payment: z.object({ method: PaymentMethod }),
        address: Address,
      }),
      output: z.object({ orderId: z.uuid(), state: OrderState }),
      status: 202,
      access: 'user',
      idempotent: 'key',
      cost: 5,
      sensitive: ['body.address'],
      refuses: { UnknownProduct: { status: 422, data: z.object({ sku: z.string() }) } },
    }),
    getOffer: get('/offer', { summary: 'What an order would get just now', output: Offer, access: 'public' }),
    getOrder: get('/orders/:orderId', {
      summary: 'One order of the signed-in user',
      params: OrderId,
      output: Order,
      access: 'user',
      refuses: { UnknownOrder },
    }),
    listOrders: get('/orders', {
      summary: 'The orders of the signed-in user, latest first',
      query: z.object({
        /** `next` of the page before. */
        after: z.uuid().optional(),
        limit: z.coerce.number<number>().int().min(1).max(50).default(20),
      }),
      output: z.object({
        orders: z.array(Order),
        /** Where the next page starts; null on the last. */
        next: z.uuid().nullable(),
      }),
      access: 'user',
    }),
    watchOrder: get('/orders/:orderId/events', {
      summary: 'The order now and whenever its state changes, until that is final',
      params: OrderId,
      output: Order,
      stream: true,
      access: 'user',
      refuses: { UnknownOrder },
    }),
  },
  { emits: [orderPlaced, orderConfirmed, orderRejected] },
);
