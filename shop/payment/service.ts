import { migrations } from '@dure/postgres';
import { service } from '@dure/service/server';
import { z } from 'zod';
import { payment } from './contract.ts';
import { isSilent, whyDeclined, whyNotCaptured } from './domain/provider.ts';
import { paymentErrors } from './errors.ts';
import type { PaymentTables } from './payments.postgres.ts';
import { postgresPayments } from './payments.postgres.ts';

/**
 * A stand-in for a payment provider, which holds, takes and gives back money that does not exist. What it does out of our sight, for a
 * slow or a lying card, is a transaction of its own: it stays done, whatever we are told.
 */
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
    // region silent
    authorise: async ({ orderId, amount: { amount }, method }, call, tx) => {
      const payments = postgresPayments(tx.db);
      const known = await payments.ofOrder(orderId);
      if (known !== undefined && isSilent(known)) throw silent(orderId);
      if (known !== undefined) return { authorisationId: known.authorisationId };
      const why = whyDeclined(method, amount, config.limitWon);
      if (why !== undefined) throw payment.refuse.authorise.Declined({ why });
      const held = { authorisationId: ids.uuid(), orderId, amount, method };
      if (method === 'slow-card') {
        await db.uow(call, (outside) => postgresPayments(outside.db).authorise(held));
        throw silent(orderId);
      }
      await payments.authorise(held);
      return { authorisationId: held.authorisationId };
    },
    askAuthorised: async ({ orderId }, _call, tx) => {
      const known = await postgresPayments(tx.db).ofOrder(orderId);
      if (known?.state !== 'authorised') return { done: false };
      return { done: true, result: { authorisationId: known.authorisationId } };
    },
    // endregion
    // region lying
    capture: async ({ orderId, authorisationId }, call, tx) => {
      const payments = postgresPayments(tx.db);
      const taken = await payments.captureOf(authorisationId);
      if (taken !== undefined) return { captureId: taken };
      const held = await payments.ofOrder(orderId);
      const why = whyNotCaptured(held?.authorisationId === authorisationId ? held : undefined);
      if (held === undefined || why !== undefined) {
        throw payment.refuse.capture.CaptureRefused({ why: why ?? 'not-authorised' });
      }
      const captureId = ids.uuid();
      if (held.method === 'lying-card') {
        await db.uow(call, (outside) => postgresPayments(outside.db).capture(captureId, held));
        throw payment.refuse.capture.CaptureRefused({ why: 'card-expired' });
      }
      await payments.capture(captureId, held);
      return { captureId };
    },
    // endregion
    voidAuthorisation: ({ orderId }, _call, tx) => postgresPayments(tx.db).giveBack(orderId),
  }),
});

function silent(orderId: string) {
  return paymentErrors.PROVIDER_SILENT(
    `the provider has not said what became of the payment for the order ${orderId}; it is asked again, and \`askAuthorised\` tells before`,
    { details: { orderId } },
  );
}
