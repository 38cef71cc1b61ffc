import type { SubjectKeys } from '@dure/event-sourcing';
import { eventSourcingErrors, newKey, seal, unseal } from '@dure/event-sourcing';
import type { Transaction } from 'kysely';
import { sql } from 'kysely';

/** The keys of subjects, wrapped in the database and opened by the service's own keys. */
export interface SubjectKeyRing {
  /** Those that are not destroyed. EVENT_SOURCING_KEY_MISSING when the service's keys open one no more. */
  open(db: Transaction<unknown>, subjects: readonly string[]): Promise<SubjectKeys>;
  /** The same, made where there is none yet. EVENT_SOURCING_SUBJECT_FORGOTTEN. */
  make(db: Transaction<unknown>, subjects: readonly string[]): Promise<SubjectKeys>;
}

interface KeyRow {
  readonly subject: string;
  readonly wrapped: string | null;
}

/** The ring of a service: the first of its keys wraps, any of them opens. */
export function subjectKeyRing(dataKeys: readonly Uint8Array[]): SubjectKeyRing {
  const [current] = dataKeys;
  const opened = ({ subject, wrapped }: KeyRow): [string, Uint8Array] => {
    for (const key of dataKeys) {
      const text = unseal(key, wrapped ?? '', subject);
      if (text !== undefined) return [subject, Buffer.from(text, 'base64url')];
    }
    throw missing(`none of ${dataKeys.length} keys opens the key of the subject "${subject}"`);
  };
  return {
    async open(db, subjects) {
      if (subjects.length === 0) return new Map();
      const { rows } = await sql<KeyRow>`select subject, wrapped from dure.subject_key
        where subject = any (${[...subjects]}) and wrapped is not null`.execute(db);
      return new Map(rows.map(opened));
    },
    async make(db, subjects) {
      if (subjects.length === 0) return new Map();
      if (current === undefined) throw missing('the service has no key to wrap those of subjects');
      const sorted = [...new Set(subjects)].sort();
      const fresh = sorted.map((subject) => seal(current, Buffer.from(newKey()).toString('base64url'), subject));
      // Rows that exist are locked, so that nobody forgets the subject before this commits.
      const { rows } = await sql<KeyRow>`insert into dure.subject_key as k (subject, wrapped)
        select * from unnest(${sorted}::text[], ${fresh}::text[])
        on conflict (subject) do update set subject = excluded.subject returning k.subject, k.wrapped`.execute(db);
      const gone = rows.find(({ wrapped }) => wrapped === null);
      if (gone !== undefined) {
        throw eventSourcingErrors.SUBJECT_FORGOTTEN(`the subject "${gone.subject}" is forgotten`, {
          details: { subject: gone.subject },
        });
      }
      return new Map(rows.map(opened));
    },
  };
}

function missing(why: string): Error {
  return eventSourcingErrors.KEY_MISSING(`personal data cannot be read or written: ${why}`);
}
