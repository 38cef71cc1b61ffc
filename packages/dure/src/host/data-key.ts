import { hkdfSync } from 'node:crypto';
import type { Jwk } from '../run-file.ts';

/**
 * The key that encrypts the keys of a service's personal data: made from its private key, so that it is as secret and lasts as
 * long. Whoever loses that key's file can read the personal data no more.
 */
export function dataKeyOf({ d }: Jwk): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', String(d), '', 'dure personal data', 32));
}
