import { randomBytes } from 'node:crypto';
import { configErrors } from '../errors.ts';
import { aesKey, defaultSalt, openBody, sealBody } from './aes-body.ts';
import type { RandomBytes, TextCipher } from './text-cipher.ts';

/** Options of `aesCipher`. */
export interface AesCipherOptions {
  /** Spring's `encrypt.key`. */
  readonly password: string;
  /** Spring's `encrypt.salt`, in hexadecimal. Default `deadbeef`, as there. */
  readonly salt?: string | undefined;
  /** AES-GCM, which detects every change of the text, as Spring's `Encryptors.delux`; default AES-CBC, as its `encrypt.key`. */
  readonly isStrong?: boolean | undefined;
  /** Default: the system's. */
  readonly random?: RandomBytes;
}

const hexadecimal = /^(?:[0-9a-f]{2})+$/i;

/** Encrypts as `Encryptors.text` and `Encryptors.delux` of Spring Security: hexadecimal. */
export function aesCipher(options: AesCipherOptions): TextCipher {
  const { password, salt = defaultSalt, isStrong = false, random = randomBytes } = options;
  const key = aesKey(password, salt);
  return {
    encrypt: (plain) => sealBody(key, isStrong, random(16), plain).toString('hex'),
    decrypt(encrypted) {
      if (!hexadecimal.test(encrypted)) throw configErrors.CIPHER_UNREADABLE('the encrypted text is not hexadecimal');
      return openBody(key, isStrong, Buffer.from(encrypted, 'hex'));
    },
  };
}
