import type { AnyEvent, PersonalData } from '@dure/messaging';
import { personalMarks } from '@dure/messaging';
import { seal, unseal } from './seal.ts';

/** Keys of subjects; one that is not there was destroyed. */
export type SubjectKeys = ReadonlyMap<string, Uint8Array>;

/** A value that only its subject's key opens. */
interface Sealed {
  readonly $sealed: { readonly subject: string; readonly text: string };
}

type Fields = Readonly<Record<string, unknown>>;

/** Encrypts the personal fields of an event's data, each bound to the type and the field it belongs to. */
export function sealData(type: string, data: unknown, { subject, fields }: PersonalData, keys: SubjectKeys): unknown {
  const key = keys.get(subject);
  if (key === undefined || typeof data !== 'object' || data === null) return data;
  const sealed: Record<string, unknown> = { ...data };
  for (const field of fields) {
    if (sealed[field] === undefined) continue;
    const text = seal(key, JSON.stringify(sealed[field]), boundTo(type, field, subject));
    sealed[field] = { $sealed: { subject, text } } satisfies Sealed;
  }
  return sealed;
}

/** The subjects of whom data says something that is encrypted. */
export function sealedSubjects(data: unknown): readonly string[] {
  return sealedFields(data).map(([, { $sealed }]) => $sealed.subject);
}

/** Decrypts whatever there is a key for; the rest stays as it is, to be masked. */
export function openData(type: string, data: unknown, keys: SubjectKeys): unknown {
  const found = sealedFields(data);
  if (found.length === 0) return data;
  const opened: Record<string, unknown> = { ...(data as Fields) };
  for (const [field, { $sealed }] of found) {
    const key = keys.get($sealed.subject);
    const text = key === undefined ? undefined : unseal(key, $sealed.text, boundTo(type, field, $sealed.subject));
    if (text !== undefined) opened[field] = JSON.parse(text);
  }
  return opened;
}

/** Puts what the event's schema says in the place of what is still encrypted: its subject is forgotten. */
export function maskData(event: AnyEvent, data: unknown): unknown {
  const left = sealedFields(data);
  if (left.length === 0) return data;
  const masked = personalMarks(event.schema)?.masked ?? {};
  const readable: Record<string, unknown> = { ...(data as Fields) };
  for (const [field] of left) readable[field] = masked[field] ?? null;
  return readable;
}

/** Encrypts a whole state by the keys of everybody it may say something of: without any one of them it is lost. */
export function sealState(state: unknown, subjects: readonly string[], keys: SubjectKeys): unknown {
  const sorted = [...new Set(subjects)].sort();
  if (sorted.length === 0) return state;
  let text = JSON.stringify(state);
  for (const subject of sorted) {
    const key = keys.get(subject);
    if (key !== undefined) text = seal(key, text, boundTo('snapshot', '', subject));
  }
  return { $sealed: { subjects: sorted, text } };
}

/** Whose keys a kept state needs. */
export function stateSubjects(state: unknown): readonly string[] {
  return sealedState(state)?.subjects ?? [];
}

/** A kept state; undefined when somebody in it is forgotten, and it must be folded anew. */
export function openState(state: unknown, keys: SubjectKeys): { readonly state: unknown } | undefined {
  const sealed = sealedState(state);
  if (sealed === undefined) return { state };
  let text: string | undefined = sealed.text;
  for (const subject of sealed.subjects.toReversed()) {
    const key = keys.get(subject);
    if (key === undefined || text === undefined) return undefined;
    text = unseal(key, text, boundTo('snapshot', '', subject));
  }
  return text === undefined ? undefined : { state: JSON.parse(text) };
}

function sealedState(state: unknown) {
  const { $sealed } = (typeof state === 'object' && state !== null ? state : {}) as {
    readonly $sealed?: { readonly subjects?: readonly string[]; readonly text: string };
  };
  return $sealed?.subjects === undefined ? undefined : { subjects: $sealed.subjects, text: $sealed.text };
}

function sealedFields(data: unknown): readonly (readonly [string, Sealed])[] {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return [];
  return Object.entries(data as Fields).filter((entry): entry is [string, Sealed] => {
    const [, value] = entry;
    return typeof value === 'object' && value !== null && '$sealed' in value;
  });
}

function boundTo(type: string, field: string, subject: string): string {
  return JSON.stringify([type, field, subject]);
}
