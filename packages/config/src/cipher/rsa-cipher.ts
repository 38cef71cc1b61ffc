import type { KeyObject } from 'node:crypto';
import { constants, createPublicKey, privateDecrypt, publicEncrypt, randomBytes } from 'node:crypto';
import { configErrors } from '../errors.ts';
import { aesKey, defaultSalt, openBody, sealBody } from './aes-body.ts';
import type { RandomBytes, TextCipher } from './text-cipher.ts';

/** Options of `rsaCipher`. */
export interface RsaCipherOptions {
  readonly key: KeyObject;
  /** Spring's `encrypt.rsa.algorithm`. `DEFAULT` is PKCS#1 v1.5, `OAEP` has SHA-1. Default `DEFAULT`, as there. */
  readonly algorithm?: 'DEFAULT' | 'OAEP' | undefined;
  /** Spring's `encrypt.rsa.strong`: AES-GCM in place of AES-CBC. Default false, as there. */
  readonly isStrong?: boolean | undefined;
  /** Spring's `encrypt.rsa.salt`; what is no hexadecimal is taken as text. Default `deadbeef`, as there. */
  readonly salt?: string | undefined;
  /** Default: the system's. */
  readonly random?: RandomBytes;
}

const secretBytes = 16;
const hexadecimal = /^(?:[0-9a-f]{2})*$/i;
const base64 = /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Encrypts as `RsaSecretEncryptor` of Spring Security: a random secret goes by RSA, the text by an AES key that is made
 * from it; all in base64.
 *
 * With PKCS#1 v1.5, OpenSSL answers a forged secret with a random one (implicit rejection), so that no answer tells how it
 * was padded.
 */
export function rsaCipher(options: RsaCipherOptions): TextCipher {
  const { key, algorithm = 'DEFAULT', isStrong = false, random = randomBytes } = options;
  const salt = saltHex(options.salt ?? defaultSalt);
  const padding =
    algorithm === 'OAEP'
      ? { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }
      : { padding: constants.RSA_PKCS1_PADDING };
  const bodyKey = (secret: Buffer) => aesKey(secret.toString('hex'), salt);
  const publicKey = createPublicKey(key);
  return {
    encrypt(plain) {
      const secret = Buffer.from(random(secretBytes));
      const sealed = publicEncrypt({ key: publicKey, ...padding }, secret);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(sealed.length);
      return Buffer.concat([length, sealed, sealBody(bodyKey(secret), isStrong, random(16), plain)]).toString('base64');
    },
    decrypt(encrypted) {
      if (!base64.test(encrypted)) throw configErrors.CIPHER_UNREADABLE('the encrypted text is not base64');
      const bytes = Buffer.from(encrypted, 'base64');
      const end = 2 + bytes.readUInt16BE(0);
      const secret = privateDecrypt({ key, ...padding }, bytes.subarray(2, end));
      return openBody(bodyKey(secret), isStrong, bytes.subarray(end));
    },
  };
}

function saltHex(salt: string): string {
  return hexadecimal.test(salt) ? salt : Buffer.from(salt).toString('hex');
}
