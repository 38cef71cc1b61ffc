import type { KeyObject } from 'node:crypto';
import { createPublicKey } from 'node:crypto';
import { configErrors } from '../errors.ts';
import { aesCipher } from './aes-cipher.ts';
import { cipherMark, prefixOf, readEncrypted } from './encrypted-value.ts';
import type { KeyringData, KeySpec } from './keyring-data.ts';
import { rsaKeyOf } from './keyring-data.ts';
import { rsaCipher } from './rsa-cipher.ts';
import type { TextCipher } from './text-cipher.ts';

/** Several keys: one encrypts, all decrypt. */
export interface Keyring {
  /** The id of the key that encrypts. */
  readonly current: string;
  readonly ids: readonly string[];
  /** Whether a rotation to the current key has begun and not ended. */
  readonly isRotating: boolean;
  /**
   * Encrypts by the current key, or by the key that a prefix names: `{key:2}text`, `{key:2}{plain}{text}`. Without the
   * mark `{cipher}`; with `{key:…}` wherever the text could not be decrypted without. CONFIG_KEY_MISSING.
   */
  encrypt(text: string): string;
  /** Encrypts a whole text, whatever it looks like, by the current key: `{cipher}…`, as it stands in a file. */
  encryptValue(plain: string): string;
  /** Decrypts a value, with or without the mark. CONFIG_KEY_MISSING names the key, CONFIG_CIPHER_UNREADABLE says no more. */
  decrypt(value: string): string;
  /** Whether a value was encrypted by the current key, as far as it says. */
  isCurrent(value: string): boolean;
  /** The public key as OpenSSH writes it; undefined for a key that has none. */
  publicKey(id?: string): string | undefined;
}

/** What keeps keys; it may change while it is used. Undefined where there is none. */
export type KeyringSource = () => Promise<Keyring | undefined>;

/**
 * A keyring of keys that are at hand.
 *
 * @example
 * const ring = keyring({ current: '1', keys: { '1': { kind: 'aes', password: 's3cret-key' } } });
 * ring.decrypt(ring.encryptValue('text')); // text
 */
export function keyring(data: KeyringData, where = 'in memory'): Keyring {
  const { current, unnamed = onlyKey(data) } = data;
  const ciphers = new Map<string, TextCipher>();
  const specOf = (id: string | undefined): KeySpec => {
    const spec = id !== undefined && Object.hasOwn(data.keys, id) ? data.keys[id] : undefined;
    if (spec === undefined) throw missing(id, Object.keys(data.keys));
    return spec;
  };
  const cipherOf = (id: string | undefined): TextCipher => {
    const known = ciphers.get(id ?? '');
    if (known !== undefined) return known;
    const made = textCipher(specOf(id), where);
    ciphers.set(id ?? '', made);
    return made;
  };
  const named = (id: string) => (id === unnamed ? '' : `{key:${id}}`);
  return {
    current,
    ids: Object.keys(data.keys),
    isRotating: data.isRotating === true,
    encrypt(text) {
      const asked = readEncrypted(text);
      const payload = cipherOf(asked.keyId ?? current).encrypt(asked.payload);
      return (asked.keyId === undefined ? named(current) : '') + prefixOf(asked) + payload;
    },
    encryptValue: (plain) => cipherMark + named(current) + cipherOf(current).encrypt(plain),
    decrypt(value) {
      const { keyId, payload } = readEncrypted(value);
      const cipher = cipherOf(keyId ?? unnamed);
      try {
        return cipher.decrypt(payload);
      } catch {
        // One error for all that can go wrong, without a cause: whoever may ask must not learn how the text was padded.
        throw configErrors.CIPHER_UNREADABLE(`the value was not encrypted by the key "${keyId ?? unnamed}"`, {
          details: { key: keyId ?? unnamed },
        });
      }
    },
    isCurrent: (value) => (readEncrypted(value).keyId ?? unnamed) === current,
    publicKey(id = current) {
      const spec = specOf(id);
      return spec.kind === 'rsa' ? sshKey(createPublicKey(rsaKeyOf(spec, where))) : undefined;
    },
  };
}

function onlyKey({ keys }: KeyringData): string | undefined {
  const ids = Object.keys(keys);
  return ids.length === 1 ? ids[0] : undefined;
}

function textCipher(spec: KeySpec, where: string): TextCipher {
  const { strong: isStrong, salt } = spec;
  if (spec.kind === 'aes') return aesCipher({ password: spec.password, salt, isStrong });
  return rsaCipher({ key: rsaKeyOf(spec, where), algorithm: spec.algorithm, salt, isStrong });
}

function missing(id: string | undefined, ids: readonly string[]) {
  const what = id === undefined ? 'values that name no key' : `values of the key "${id.slice(0, 64)}"`;
  return configErrors.KEY_MISSING(`there is no key for ${what}; the keyring has ${ids.join(', ')}`, {
    details: { key: id, known: ids },
  });
}

/** RFC 4253, §6.6: the name, the exponent and the modulus, each after its length. */
function sshKey(key: KeyObject): string {
  const { n = '', e = '' } = key.export({ format: 'jwk' });
  const parts = [Buffer.from('ssh-rsa'), ...[e, n].map((part) => positive(Buffer.from(part, 'base64url')))];
  const sized = parts.flatMap((part) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    return [length, part];
  });
  return `ssh-rsa ${Buffer.concat(sized).toString('base64')} application`;
}

function positive(bytes: Buffer): Buffer {
  return (bytes[0] ?? 0) > 127 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
}
