import { createCipheriv, createDecipheriv, pbkdf2Sync } from 'node:crypto';
import { configErrors } from '../errors.ts';

/** Spring's numbers: PBKDF2 with HMAC-SHA1, 1 024 rounds, 256 bits; an IV of 16 bytes for GCM, too. */
const rounds = 1_024;
const keyBytes = 32;
const ivBytes = 16;
const tagBytes = 16;

/** Spring's salt where none is configured. */
export const defaultSalt = 'deadbeef';

/** The AES key of a password, whose salt is written in hexadecimal. */
export function aesKey(password: string, saltHex: string): Buffer {
  return pbkdf2Sync(password, Buffer.from(saltHex, 'hex'), rounds, keyBytes, 'sha1');
}

/** `iv ‖ ciphertext` by AES-256-CBC, or `iv ‖ ciphertext ‖ tag` by AES-256-GCM when it is strong. */
export function sealBody(key: Uint8Array, isStrong: boolean, iv: Uint8Array, plain: string): Buffer {
  if (!isStrong) {
    const cipher = createCipheriv('aes-256-cbc', key, iv);
    return Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final()]);
  }
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  return Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

/** Throws when the body was not sealed by this key. */
export function openBody(key: Uint8Array, isStrong: boolean, body: Buffer): string {
  const iv = body.subarray(0, ivBytes);
  if (!isStrong) {
    const decipher = createDecipheriv('aes-256-cbc', key, iv);
    return textOf(Buffer.concat([decipher.update(body.subarray(ivBytes)), decipher.final()]));
  }
  const end = body.length - tagBytes;
  if (end < ivBytes) throw configErrors.CIPHER_UNREADABLE('the encrypted text is too short');
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes });
  decipher.setAuthTag(body.subarray(end));
  return textOf(Buffer.concat([decipher.update(body.subarray(ivBytes, end)), decipher.final()]));
}

/** What is no UTF-8 was decrypted by a wrong key: with CBC one in 256 of them gives a padding that looks right. */
function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}
