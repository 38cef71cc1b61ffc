/** What stood in for an operation's own answer, or that nothing did. */
export interface FallbackNote {
  /** `product.getProduct` */
  readonly operation: string;
  /** `absent`: nothing stood in for it, and the answer does without. */
  readonly kind: 'value' | 'function' | 'last-good' | 'absent';
  /** How old it is, in whole seconds, when it was an answer once. */
  readonly ageS?: number;
}

/** More of them are not told; what is told must fit a header. */
const mostNotes = 8;

/** What an answer was made of in place of what was asked for; gathered while a call is worked on, told with its answer. */
export class FallbackNotes {
  #notes: readonly FallbackNote[] = [];

  /** Takes note, of each operation once. */
  add(note: FallbackNote): void {
    if (this.#notes.length >= mostNotes || this.#notes.some(({ operation }) => operation === note.operation)) return;
    this.#notes = [...this.#notes, note];
  }

  all(): readonly FallbackNote[] {
    return this.#notes;
  }
}

/**
 * The field `Dure-Fallback` (a list of RFC 9651); undefined when there is nothing to tell.
 *
 * @example
 * formatFallbacks([{ operation: 'product.getProduct', kind: 'last-good', ageS: 12 }]); // product.getProduct;kind=last-good;age=12
 */
export function formatFallbacks(notes: readonly FallbackNote[]): string | undefined {
  if (notes.length === 0) return undefined;
  return notes
    .map(({ operation, kind, ageS }) => `${operation};kind=${kind}${ageS === undefined ? '' : `;age=${ageS}`}`)
    .join(', ');
}

/**
 * The field for outsiders: which kinds of answers stood in, the oldest of each, but not whose; undefined when there is
 * nothing to tell.
 *
 * @example
 * formatFallbackKinds([{ operation: 'product.getProduct', kind: 'last-good', ageS: 12 }]); // last-good;age=12
 */
export function formatFallbackKinds(notes: readonly FallbackNote[]): string | undefined {
  const oldest = new Map<FallbackNote['kind'], number | undefined>();
  for (const { kind, ageS } of notes) {
    const known = oldest.get(kind);
    oldest.set(kind, known === undefined ? ageS : Math.max(known, ageS ?? 0));
  }
  if (oldest.size === 0) return undefined;
  return [...oldest].map(([kind, ageS]) => (ageS === undefined ? kind : `${kind};age=${ageS}`)).join(', ');
}

const longestField = 2_048;
const member = /^([a-zA-Z][\w.-]{0,127});kind=(value|function|last-good|absent)(?:;age=(\d{1,9}))?$/;

/** Reads the field; whatever is malformed is left out, never an error. */
export function parseFallbacks(field: string | readonly string[] | undefined): readonly FallbackNote[] {
  const text = typeof field === 'string' ? field : (field?.join(',') ?? '');
  if (text.length === 0 || text.length > longestField) return [];
  return text.split(',').flatMap((part) => {
    const [, operation, kind, age] = member.exec(part.trim()) ?? [];
    if (operation === undefined || kind === undefined) return [];
    const note = { operation, kind: kind as FallbackNote['kind'] };
    return [age === undefined ? note : { ...note, ageS: Number(age) }];
  });
}
