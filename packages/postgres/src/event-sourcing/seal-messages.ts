import { sealData, sealState, subjectForgotten } from '@dure/event-sourcing';
import type { BufferedMessage } from '@dure/messaging';
import { sql } from 'kysely';
import type { Tx, TxInside } from '../transaction.ts';

/** Encrypts what is personal in the messages and timers that wait for the COMMIT, and in the states that are kept with them. */
export async function sealMessages({ buffer, db, keys }: TxInside): Promise<void> {
  const later = buffer.timers.flatMap(({ message }) => message ?? []);
  const writes = [...buffer.messages, ...later].flatMap(({ personal }) => personal?.subject ?? []);
  const keeps = buffer.messages.flatMap(({ stream }) => stream?.snapshot?.subjects ?? []);
  if (writes.length === 0 && keeps.length === 0) return;
  const made = await keys.make(db, writes);
  const others = keeps.filter((subject) => !made.has(subject));
  const known = others.length === 0 ? made : new Map([...made, ...(await keys.open(db, others))]);
  buffer.rewrite((message) => withSealedState(withSealedData(message, known), known));
}

/**
 * Forgets somebody: destroys the key of their data and appends `subject.forgotten`, in the unit of work. What was written
 * of them reads as masked from the commit on, wherever it was copied to.
 *
 * @example
 * await db.uow(call, (tx) => forgetSubject(tx, userId));
 */
export async function forgetSubject<Tables>(tx: Tx<Tables>, subject: string): Promise<void> {
  await sql`insert into dure.subject_key (subject, forgotten_at) values (${subject}, dure.now())
    on conflict (subject) do update set wrapped = null, forgotten_at = excluded.forgotten_at`.execute(tx.db);
  tx.emit(subjectForgotten, { subject });
}

function withSealedData(message: BufferedMessage, keys: Parameters<typeof sealData>[3]): BufferedMessage {
  const { personal, type, json } = message;
  if (personal === undefined) return message;
  return { ...message, json: JSON.stringify(sealData(type, JSON.parse(json), personal, keys)) };
}

function withSealedState(message: BufferedMessage, keys: Parameters<typeof sealData>[3]): BufferedMessage {
  const { stream } = message;
  const { snapshot } = stream ?? {};
  if (stream === undefined || snapshot?.subjects === undefined || snapshot.subjects.length === 0) return message;
  const { snapshot: _, ...mark } = stream;
  // Somebody in it is forgotten: it is not kept, and the events are folded again.
  if (snapshot.subjects.some((subject) => !keys.has(subject))) return { ...message, stream: mark };
  return {
    ...message,
    stream: { ...mark, snapshot: { ...snapshot, state: sealState(snapshot.state, snapshot.subjects, keys) } },
  };
}
