/**
 * What kind of trouble an error is. The HTTP status, the retry rule and the breaker's verdict follow from it,
 * each in one table.
 */
export type ErrorKind =
  | 'invalid' // the input does not fit
  | 'unauthenticated' // nobody proved who they are
  | 'forbidden' // somebody did, and may not
  | 'missing' // the thing is not there
  | 'method' // the thing is there, but not for this method
  | 'conflict' // the state does not allow it
  | 'unprocessable' // well-formed, but contradicts what was said before
  | 'too-large'
  | 'media-type'
  | 'limited' // too many requests from this caller
  | 'unavailable' // nobody can answer at the moment
  | 'upstream' // somebody answered nonsense or hung up
  | 'timeout' // nobody answered in time
  | 'cancelled' // the caller has gone
  | 'internal'; // our own defect

/** Plain data that explains an error: what thing, which value, what was expected. Never a secret. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

export interface ErrorOptions {
  readonly cause?: unknown;
  readonly details?: ErrorDetails;
  /** Overrides the catalogue's word on whether trying again may help. */
  readonly retryable?: boolean;
}

/** Everything that goes wrong in Dure, but for a declared refusal. Recognise it by `code`, not by class. */
export class DureError extends Error {
  override readonly name = 'DureError';
  /** Stable and never reused: `RESILIENCE_BREAKER_OPEN`. */
  readonly code: string;
  readonly kind: ErrorKind;
  /** Whether the same call may succeed if it is tried again. */
  readonly retryable: boolean;
  readonly details: ErrorDetails;

  constructor(code: string, kind: ErrorKind, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.kind = kind;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
  }
}

/** A title (what happened) and a fix (the next step), in one language. */
export interface ErrorText {
  readonly title: string;
  readonly fix: string;
}

/** One entry of an error catalogue. */
export interface ErrorEntry {
  readonly kind: ErrorKind;
  /** Whether trying again may help; false unless said. */
  readonly retryable?: boolean;
  readonly en: ErrorText;
  readonly ko: ErrorText;
}

/** Makes errors of one code. */
export interface ErrorFactory {
  (message: string, options?: ErrorOptions): DureError;
  readonly code: string;
  readonly entry: ErrorEntry;
}

/** A package's errors by their short names. */
export type ErrorCatalogue<Name extends string> = { readonly [N in Name]: ErrorFactory };

const known = new Map<string, ErrorEntry>();

/**
 * Declares a package's errors, once, in its `errors.ts`.
 *
 * @example
 * export const errors = errorCatalogue('RESILIENCE', {
 *   BREAKER_OPEN: { kind: 'unavailable', en: { title: '…', fix: '…' }, ko: { title: '…', fix: '…' } },
 * });
 * throw errors.BREAKER_OPEN(`the breaker of "${name}" is open until ${until}`, { details: { name } });
 */
export function errorCatalogue<const Entries extends Readonly<Record<string, ErrorEntry>>>(
  prefix: string,
  entries: Entries,
): ErrorCatalogue<keyof Entries & string> {
  const catalogue: Record<string, ErrorFactory> = {};
  for (const [name, entry] of Object.entries(entries)) {
    const code = `${prefix}_${name}`;
    known.set(code, entry);
    const make = (message: string, options: ErrorOptions = {}) =>
      new DureError(code, entry.kind, message, { retryable: entry.retryable ?? false, ...options });
    catalogue[name] = Object.assign(make, { code, entry });
  }
  return catalogue as ErrorCatalogue<keyof Entries & string>;
}

/** The catalogue entry of a code, if a loaded package declares it. */
export function errorEntry(code: string): ErrorEntry | undefined {
  return known.get(code);
}

/** Whether a value is a `DureError`, also one of another copy of this package. */
export function isDureError(value: unknown): value is DureError {
  return value instanceof Error && value.name === 'DureError' && 'code' in value && 'kind' in value;
}

/** The code of an error, or undefined when it has none. */
export function codeOf(error: unknown): string | undefined {
  return isDureError(error) ? error.code : undefined;
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
