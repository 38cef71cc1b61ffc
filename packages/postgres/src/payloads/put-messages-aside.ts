import type { BufferedMessage } from '@dure/messaging';
import { chunksOf, putAside } from '@dure/messaging';
import type { TxInside } from '../transaction.ts';

const put = 'insert into dure.payload_chunk (sha256, n, chunk) values ($1, $2, $3)';

/** Puts the data aside that are too large for the messages and timers that wait for the COMMIT. Others cost nothing. */
export async function putMessagesAside({ buffer, query }: TxInside): Promise<void> {
  const all = [...buffer.messages, ...buffer.timers.flatMap(({ message }) => message ?? [])];
  const light = new Map<string, BufferedMessage>();
  for (const one of all) {
    const aside = putAside(one);
    if (aside === undefined) continue;
    const { claim, json, message } = aside;
    light.set(one.id, message);
    const { rows } = await query('select dure.keep_payload($1, $2) as is_new', [claim.sha256, claim.bytes]);
    if (rows[0]?.is_new !== true) continue;
    for (const [n, chunk] of chunksOf(json).entries()) await query(put, [claim.sha256, n, chunk], 'dure.put-aside');
  }
  if (light.size > 0) buffer.rewrite((message) => light.get(message.id) ?? message);
}
