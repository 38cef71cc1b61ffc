import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { Random } from '@dure/core';

const iterations = 4096;

/** A password of 192 random bits that needs no escaping in a URL. */
export function newPassword(random: Random): string {
  return Buffer.from(random.bytes(new Uint8Array(24))).toString('base64url');
}

/**
 * What PostgreSQL stores of a password (RFC 5803, SCRAM-SHA-256). We compute it, as psql's `\password` does, so that the
 * password itself reaches neither the server's log nor its statistics.
 */
export async function scramVerifier(password: string, random: Random): Promise<string> {
  return verifier(password, Buffer.from(random.bytes(new Uint8Array(16))), iterations);
}

/** Whether a stored verifier belongs to the password. */
export async function isVerifierOf(stored: string | null, password: string): Promise<boolean> {
  const match = /^SCRAM-SHA-256\$(\d+):([^$]+)\$/.exec(stored ?? '');
  const [, rounds, salt] = match ?? [];
  if (stored === null || rounds === undefined || salt === undefined) return false;
  const expected = Buffer.from(await verifier(password, Buffer.from(salt, 'base64'), Number(rounds)));
  const actual = Buffer.from(stored);
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

async function verifier(password: string, salt: Buffer, rounds: number): Promise<string> {
  const salted = await promisify(pbkdf2)(password, salt, rounds, 32, 'sha256');
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64');
  const serverKey = hmac('Server Key').toString('base64');
  return `SCRAM-SHA-256$${rounds}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}
