import { migrations } from '@dure/postgres';
import { service } from '@dure/service/server';
import { z } from 'zod';
import { payment } from './contract.ts';
import { whyDeclined, whyNotCaptured } from './domain/provider.ts';
import type { PaymentTables } from './payments.postgres.ts';
import { postgresPayments } from './payments.postgres.ts';

/** A stand-in for a payment provider, which holds, takes and gives up money that does not exist. */
export const paymentService = service({
  contract: payment,
  config: z.object({
    /** The most that is authorised for one order, in won. */
    limitWon: z.int().min(0).default(10_000_000),
  }),
  database: migrations<PaymentTables>(import.meta.dirname),
  start: ({ config, db, ids }) => ({
    getPayment: async ({ params }) => {
      const found = await postgresPayments(db.read).ofOrder(params.orderId);
      if (found === undefined) throw payment.refuse.getPayment.UnknownPayment({ orderId: params.orderId });
      const { orderId, amount, state } = found;
      return { orderId, state, amount: { amount, currency: 'KRW' } };
    },
    authorise: async ({ orderId, amount: { amount }, method }, _call, tx) => {
      const payments = postgresPayments(tx.db);
      const known = await payments.ofOrder(orderId);
      if (known !== undefined) return { authorisationId: known.authorisationId };
      const why = whyDeclined(method, amount, config.limitWon);
      if (why !== undefined) throw payment.refuse.authorise.Declined({ why });
      const authorisationId = ids.uuid();
      await payments.authorise({ authorisationId, orderId, amount, method });
      return { authorisationId };
    },
    capture: async ({ orderId, authorisationId }, _call, tx) => {
      const payments = postgresPayments(tx.db);
      const taken = await payments.captureOf(authorisationId);
      if (taken !== undefined) return { captureId: taken };
      const held = await payments.ofOrder(orderId);
      const why = whyNotCaptured(held?.authorisationId === authorisationId ? held : undefined);
      if (held === undefined || why !== undefined) {
        throw payment.refuse.capture.CaptureRefused({ why: why ?? 'not-authorised' });
      }
      const captureId = ids.uuid();
      await payments.capture(captureId, held);
      return { captureId };
    },
    voidAuthorisation: ({ orderId }, _call, tx) => postgresPayments(tx.db).voidOf(orderId),
  }),
});
