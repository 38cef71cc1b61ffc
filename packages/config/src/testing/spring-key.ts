import { createPrivateKey } from 'node:crypto';
import { defaultSalt } from '../cipher/aes-body.ts';
import type { KeySpec } from '../cipher/keyring-data.ts';

/** A key as the program of `jvm/spring-cipher` is told of it. */
export function springKey(key: KeySpec): Readonly<Record<string, unknown>> {
  const { salt = defaultSalt, strong = false } = key;
  if (key.kind === 'aes') return { kind: 'aes', key: key.password, salt, strong };
  const pkcs8 = createPrivateKey(key.pem).export({ type: 'pkcs8', format: 'der' }).toString('base64');
  return { kind: 'rsa', key: pkcs8, algorithm: key.algorithm ?? 'DEFAULT', salt, strong };
}
