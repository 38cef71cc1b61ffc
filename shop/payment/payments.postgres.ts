import type { Generated, Kysely } from '@dure/postgres';
import { sql } from '@dure/postgres';
import type { Method } from './domain/provider.ts';

/** The tables of the payment service. */
export interface PaymentTables {
  readonly authorisation: {
    readonly authorisation_id: string;
    readonly order_id: string;
    /** Won. */
    readonly amount: number;
    readonly method: Method;
    readonly state: 'authorised' | 'captured' | 'voided';
    readonly at: Generated<number>;
  };
  readonly capture: {
    readonly capture_id: string;
    readonly order_id: string;
    readonly authorisation_id: string;
    readonly amount: number;
    readonly at: Generated<number>;
  };
  readonly refund: {
    readonly capture_id: string;
    readonly order_id: string;
    readonly amount: number;
    readonly at: Generated<number>;
  };
}

/** An authorisation as it is stored. */
export interface StoredAuthorisation {
  readonly authorisationId: string;
  readonly orderId: string;
  readonly amount: number;
  readonly method: Method;
  readonly state: 'authorised' | 'captured' | 'voided';
  readonly heldForMs: number;
}

/** Authorisations and captures as they are stored. */
export interface Payments {
  ofOrder(orderId: string): Promise<StoredAuthorisation | undefined>;
  authorise(held: Omit<StoredAuthorisation, 'state' | 'heldForMs'>): Promise<void>;
  /** The id of the capture that was made of an authorisation, if any. */
  captureOf(authorisationId: string): Promise<string | undefined>;
  capture(captureId: string, held: StoredAuthorisation): Promise<void>;
  /** Gives up what is held for the order and gives back what was taken, if anything was. */
  giveBack(orderId: string): Promise<void>;
}

/** Payments in PostgreSQL; give the transaction to change them. */
export function postgresPayments(db: Kysely<PaymentTables>): Payments {
  return {
    async ofOrder(orderId) {
      const row = await db
        .selectFrom('authorisation')
        .select(['authorisation_id as authorisationId', 'order_id as orderId', 'amount', 'method', 'state'])
        .select(sql<number>`extract(epoch from dure.now() - at)::float8 * 1000`.as('heldForMs'))
        .where('order_id', '=', orderId)
        .executeTakeFirst();
      return row;
    },
    async authorise({ authorisationId, orderId, amount, method }) {
      await db
        .insertInto('authorisation')
        .values({ authorisation_id: authorisationId, order_id: orderId, amount, method, state: 'authorised' })
        .execute();
    },
    async captureOf(authorisationId) {
      const row = await db
        .selectFrom('capture')
        .select('capture_id')
        .where('authorisation_id', '=', authorisationId)
        .executeTakeFirst();
      return row?.capture_id;
    },
    async capture(captureId, { authorisationId, orderId, amount }) {
      await db
        .updateTable('authorisation')
        .set({ state: 'captured' })
        .where('authorisation_id', '=', authorisationId)
        .execute();
      await db
        .insertInto('capture')
        .values({ capture_id: captureId, order_id: orderId, authorisation_id: authorisationId, amount })
        .execute();
    },
    async giveBack(orderId) {
      await db
        .insertInto('refund')
        .columns(['capture_id', 'order_id', 'amount'])
        .expression(
          db.selectFrom('capture').select(['capture_id', 'order_id', 'amount']).where('order_id', '=', orderId),
        )
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      await db.updateTable('authorisation').set({ state: 'voided' }).where('order_id', '=', orderId).execute();
    },
  };
}
