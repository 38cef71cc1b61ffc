import type { Generated, Kysely } from '@dure/postgres';
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
}

/** An authorisation as it is stored. */
export interface StoredAuthorisation {
  readonly authorisationId: string;
  readonly orderId: string;
  readonly amount: number;
  readonly method: Method;
  readonly state: 'authorised' | 'captured' | 'voided';
}

/** Authorisations and captures as they are stored. */
export interface Payments {
  ofOrder(orderId: string): Promise<StoredAuthorisation | undefined>;
  authorise(held: Omit<StoredAuthorisation, 'state'>): Promise<void>;
  /** The id of the capture that was made of an authorisation, if any. */
  captureOf(authorisationId: string): Promise<string | undefined>;
  capture(captureId: string, held: StoredAuthorisation): Promise<void>;
  /** Gives up what is held for the order, if anything is. */
  voidOf(orderId: string): Promise<void>;
}

/** Payments in PostgreSQL; give the transaction to change them. */
export function postgresPayments(db: Kysely<PaymentTables>): Payments {
  return {
    async ofOrder(orderId) {
      const row = await db.selectFrom('authorisation').selectAll().where('order_id', '=', orderId).executeTakeFirst();
      if (row === undefined) return undefined;
      const { authorisation_id: authorisationId, amount, method, state } = row;
      return { authorisationId, orderId, amount, method, state };
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
    async voidOf(orderId) {
      await db
        .updateTable('authorisation')
        .set({ state: 'voided' })
        .where('order_id', '=', orderId)
        .where('state', '=', 'authorised')
        .execute();
    },
  };
}
