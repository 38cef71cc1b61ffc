import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { AesKeySpec, KeyringData, KeySpec } from './keyring-data.ts';
import { rsaKeyOf } from './keyring-data.ts';

/** A new key: 256 random bits, and AES-GCM, so that no change of a text goes unseen. */
export function newKey(): AesKeySpec {
  return { kind: 'aes', password: randomBytes(32).toString('hex'), salt: randomBytes(8).toString('hex'), strong: true };
}

/**
 * A keyring with a further key, which is current from now on, of the same kind as the one before, so that whoever could read
 * its values can read these. A keyring whose rotation has begun and not ended stays as it is.
 */
export function withNextKey(data: KeyringData): KeyringData {
  if (data.isRotating === true) return data;
  const { keys, current } = data;
  const ids = Object.keys(keys);
  const id = String(Math.max(ids.length, ...ids.map(Number).filter(Number.isInteger)) + 1);
  const unnamed = data.unnamed ?? (ids.length === 1 ? ids[0] : undefined);
  return {
    current: id,
    ...(unnamed === undefined ? {} : { unnamed }),
    keys: { ...keys, [id]: likeKey(keys[current]) },
    isRotating: true,
  };
}

/** A keyring of the current key alone. */
export function withoutOldKeys({ current, keys }: KeyringData): KeyringData {
  const kept = Object.entries(keys).filter(([id]) => id === current);
  return { current, keys: Object.fromEntries(kept) };
}

/** A keyring whose rotation has ended. */
export function rotated({ isRotating: _, ...data }: KeyringData): KeyringData {
  return data;
}

function likeKey(spec: KeySpec | undefined): KeySpec {
  if (spec === undefined) return newKey();
  const { strong } = spec;
  if (spec.kind === 'aes') {
    const { strong: _, ...fresh } = newKey();
    return strong === undefined ? fresh : { ...fresh, strong };
  }
  const { asymmetricKeyDetails } = rsaKeyOf(spec, 'in memory');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: asymmetricKeyDetails?.modulusLength ?? 4_096 });
  const { passphrase: _, ...rest } = spec;
  return { ...rest, pem: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString() };
}
