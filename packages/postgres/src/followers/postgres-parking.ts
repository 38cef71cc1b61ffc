import type { ParkedKeys, Parking } from '@dure/messaging';
import { toCloudEvent } from '@dure/messaging';
import { putBehind } from '../delivery-claim.ts';
import type { Tx } from '../transaction.ts';
import { insideOf } from '../transaction.ts';

/** Locked, so that nothing is put behind a last message that is just being taken away. */
const locked = 'select key from dure.parked_key where source = $1 and key = any ($2) order by key for update';
const park = `select dure.park('new', $1, $2, $3, $4, $5, $6)`;

/** Parks what followers of the service's own log cannot handle, beside what was parked of other services. */
export function postgresParking(parked: ParkedKeys<Tx>): Parking<Tx> {
  return {
    parked,
    async setAside(source, messages, tx) {
      const { query } = insideOf(tx);
      const { rows } = await query(locked, [source, messages.map(({ key }) => key)], 'dure.parked-among');
      if (rows.length === 0) return messages;
      const keys = new Set(rows.map(({ key }) => key as string));
      const { text, values, name } = putBehind(
        messages.filter(({ key }) => keys.has(key)),
        source,
      );
      await query(text, values, name);
      return messages.filter(({ key }) => !keys.has(key));
    },
    async park(source, message, failure, tx) {
      const { key, id, kind } = message;
      const envelope = JSON.stringify(toCloudEvent(message));
      await insideOf(tx).query(park, [source, key, id, kind.charAt(0), envelope, JSON.stringify(failure)], 'dure.park');
    },
  };
}
