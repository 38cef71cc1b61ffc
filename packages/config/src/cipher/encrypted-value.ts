/** What an encrypted value begins with. */
export const cipherMark = '{cipher}';

/** An encrypted value in the syntax of Spring's config server: `{cipher}{key:2}{secret:…}{plain}AQB…`. */
export interface EncryptedValue {
  /** `{key:2}{secret:…}` as it was written, `{plain}` included. */
  readonly prefix: string;
  /** Which key, where it says so. */
  readonly keyId: string | undefined;
  readonly payload: string;
}

const plainMark = '{plain}';
const pairs = /^(?:\{[^{}]*:[^{}]*\})+/;

/** Whether a value is encrypted. */
export function isEncrypted(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith(cipherMark);
}

/** Reads `{name:value}` pairs up to `{plain}` or to what is none; the mark itself may be missing. */
export function readEncrypted(text: string): EncryptedValue {
  const rest = text.startsWith(cipherMark) ? text.slice(cipherMark.length) : text;
  const plain = rest.indexOf(plainMark);
  const length = plain < 0 ? (pairs.exec(rest)?.[0].length ?? 0) : plain + plainMark.length;
  const prefix = rest.slice(0, length);
  const [, keyId] = /\{\s*key:([^{}]*)\}/.exec(prefix) ?? [];
  return { prefix, keyId, payload: rest.slice(length) };
}

/** The prefix without `{plain}`, as it stands before what was encrypted. */
export function prefixOf({ prefix }: EncryptedValue): string {
  return prefix.endsWith(plainMark) ? prefix.slice(0, -plainMark.length) : prefix;
}

/** A key whose value the server could not decrypt is called so, and says so. */
export const invalidPrefix = 'invalid.';
export const invalidValue = '<n/a>';
