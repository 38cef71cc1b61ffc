import type { KeyObject } from 'node:crypto';
import { createPrivateKey } from 'node:crypto';
import { configErrors } from '../errors.ts';

/** A key that texts are encrypted by. */
export type KeySpec = AesKeySpec | RsaKeySpec;

/** Spring's `encrypt.key` and `encrypt.salt`. */
export interface AesKeySpec {
  readonly kind: 'aes';
  readonly password: string;
  /** In hexadecimal. Default `deadbeef`, as in Spring. */
  readonly salt?: string | undefined;
  /** AES-GCM in place of AES-CBC. Default false, which Spring’s config server reads. */
  readonly strong?: boolean | undefined;
}

/** Spring's `encrypt.rsa.*`, with a private key in PEM: PKCS#1 or PKCS#8. */
export interface RsaKeySpec {
  readonly kind: 'rsa';
  readonly pem: string;
  /** Of a PEM that is encrypted. */
  readonly passphrase?: string | undefined;
  /** Default `DEFAULT`, as in Spring. */
  readonly algorithm?: 'DEFAULT' | 'OAEP' | undefined;
  readonly strong?: boolean | undefined;
  readonly salt?: string | undefined;
}

/** What a keyring holds, as it lies in its file. */
export interface KeyringData {
  /** The id of the key that encrypts. */
  readonly current: string;
  /** The id of the key of values that name none. */
  readonly unnamed?: string | undefined;
  readonly keys: Readonly<Record<string, KeySpec>>;
  /** A rotation to the current key has begun and not ended. */
  readonly isRotating?: boolean | undefined;
}

/** What a key may be called: it stands in `{key:…}`. */
const keyIdPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const shortestPassword = 8;

/**
 * Reads the text of a keyring's file: JSON as `KeyringData`; an RSA private key in PEM; or anything else, which is Spring's
 * `encrypt.key` itself. CONFIG_KEYRING_INVALID names the file and never what is in it.
 */
export function readKeyringData(text: string, path: string): KeyringData {
  const trimmed = text.replace(/\r?\n$/, '');
  if (/^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(trimmed))
    return checked({ current: 'key', unnamed: 'key', keys: { key: { kind: 'rsa', pem: trimmed } } }, path);
  if (!trimmed.startsWith('{'))
    return checked({ current: 'key', unnamed: 'key', keys: { key: { kind: 'aes', password: trimmed } } }, path);
  let data: unknown;
  try {
    data = JSON.parse(trimmed);
  } catch {
    throw invalid(path, 'is no JSON');
  }
  return checked(data, path);
}

/** The private key of a PEM. CONFIG_KEYRING_INVALID. */
export function rsaKeyOf({ pem, passphrase }: RsaKeySpec, where: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    throw invalid(where, 'holds a private key that cannot be read; expected PEM of PKCS#1 or PKCS#8');
  }
  if (key.asymmetricKeyType !== 'rsa') throw invalid(where, 'holds a private key that is not RSA');
  return key;
}

function checked(data: unknown, path: string): KeyringData {
  if (!isRecord(data) || !isRecord(data.keys) || typeof data.current !== 'string')
    throw invalid(path, 'is no keyring; expected { "current": "1", "keys": { "1": { … } } }');
  for (const [id, key] of Object.entries(data.keys)) {
    if (!keyIdPattern.test(id)) throw invalid(path, 'has a key whose id is not made of letters, digits and . _ -');
    checkKey(key, id, path);
  }
  for (const named of ['current', 'unnamed'] as const) {
    const id = data[named];
    if (id !== undefined && (typeof id !== 'string' || !Object.hasOwn(data.keys, id)))
      throw invalid(path, `names as "${named}" a key that it does not hold`);
  }
  return data as unknown as KeyringData;
}

function checkKey(key: unknown, id: string, path: string): void {
  const wrong = (what: string) => invalid(path, `holds a key "${id}" ${what}`);
  if (!isRecord(key)) throw wrong('that is no object');
  const { kind, password, salt, strong, pem, algorithm, passphrase } = key;
  if (strong !== undefined && typeof strong !== 'boolean') throw wrong('whose "strong" is neither true nor false');
  if (salt !== undefined && typeof salt !== 'string') throw wrong('whose "salt" is no text');
  if (kind === 'aes') {
    if (typeof password !== 'string' || password.length < shortestPassword)
      throw wrong(`whose "password" is shorter than ${shortestPassword} characters`);
    if (salt !== undefined && !/^(?:[0-9a-f]{2})+$/i.test(salt)) throw wrong('whose "salt" is not hexadecimal');
  } else if (kind === 'rsa') {
    if (typeof pem !== 'string') throw wrong('without its "pem"');
    if (algorithm !== undefined && algorithm !== 'DEFAULT' && algorithm !== 'OAEP')
      throw wrong('whose "algorithm" is neither DEFAULT nor OAEP');
    if (passphrase !== undefined && typeof passphrase !== 'string') throw wrong('whose "passphrase" is no text');
  } else throw wrong('whose "kind" is neither aes nor rsa');
}

/** Says where and what is wrong, never the content. */
export function invalid(path: string, what: string) {
  return configErrors.KEYRING_INVALID(`the keyring ${path} ${what}`, { details: { path } });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
