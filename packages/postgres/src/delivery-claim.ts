import type { DeliveryOutcome, DeliveryWay, Message, ReplyData } from '@dure/messaging';
import { toCloudEvent } from '@dure/messaging';
import type { Answer } from './connection.ts';
import type { Statement } from './statement.ts';

/** What a claim found; `reply` is how a command that is a duplicate was answered. */
export interface Claimed {
  readonly outcome: 'new' | Exclude<DeliveryOutcome, 'applied'>;
  readonly reply: ReplyData | null | undefined;
}

/** The names under which the store knows the stream of a message, and what of it is parked. */
export function namesOf({ source }: Message, { stream = source, parkedAs = stream }: DeliveryWay) {
  return { stream, parkedAs };
}

/** Claims a message for the transaction that begins. */
export function claim(message: Message, way: DeliveryWay): Statement {
  const { stream, parkedAs } = namesOf(message, way);
  const { position, id, key } = message;
  return way.by === 'id'
    ? {
        text: 'select outcome, reply from dure.take_once($1, $2, $3)',
        values: [parkedAs, id, key],
        name: 'dure.take-once',
      }
    : {
        text: 'select dure.take($1, $2, $3, $4, $5) as outcome',
        values: [parkedAs, position, key, stream, way.after ?? 0],
        name: 'dure.take',
      };
}

/** Claims several. */
export function claimBatch(head: Message, messages: readonly Message[], way: DeliveryWay): Statement {
  const { stream, parkedAs } = namesOf(head, way);
  const positions = way.by === 'id' ? null : messages.map(({ position }) => position);
  const ids = messages.map(({ id }) => id);
  const keys = messages.map(({ key }) => key);
  return {
    text: 'select dure.take_batch($1, $2, $3, $4, $5, $6) as outcomes',
    values: [parkedAs, positions, ids, keys, stream, way.after ?? 0],
    name: 'dure.take-batch',
  };
}

/** What a claim's answer says. */
export function claimed(answer: Answer | undefined): Claimed {
  return answer?.rows[0] as unknown as Claimed;
}

/** Puts messages behind those of their parked keys. */
export function putBehind(messages: readonly Message[], parkedAs: string): Statement {
  const rows = messages.map((message) => {
    const { key, id, kind } = message;
    return { key, id, kind: kind.charAt(0), envelope: toCloudEvent(message) };
  });
  return {
    text: `insert into dure.parked_message (source, key, id, kind, envelope)
      select $1, m.key, m.id, m.kind, m.envelope
      from rows from (json_to_recordset($2) as (key text, id text, kind "char", envelope json)) with ordinality
        as m(key, id, kind, envelope, n)
      order by m.n`,
    values: [parkedAs, JSON.stringify(rows)],
    name: 'dure.put-behind',
  };
}

/** Keeps how a command was answered, so that whoever sends it again gets the same. */
export function keepReply(message: Message, parkedAs: string, reply: ReplyData): Statement {
  return {
    text: 'update dure.inbox set reply = $3 where source = $1 and id = $2',
    values: [parkedAs, message.id, JSON.stringify(reply)],
    name: 'dure.keep-reply',
  };
}
