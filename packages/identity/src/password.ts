import { scrypt, timingSafeEqual } from 'node:crypto';
import type { Random } from '@dure/core';
import { identityErrors } from './errors.ts';

/** The work that one hash costs (RFC 7914): memory is 128 · 2^logN · blockSize bytes, time grows with all three. */
export interface PasswordCost {
  readonly logN: number;
  readonly blockSize: number;
  readonly parallel: number;
}

/** 16 MiB and about 0.2 s of one core: the OWASP cheat sheet's choice for little memory. */
const defaultCost: PasswordCost = { logN: 14, blockSize: 8, parallel: 5 };
const saltBytes = 16;
const hashBytes = 32;
/** What a stored hash may demand at most, so that a planted one cannot stop the process. */
const maxMemoryBytes = 256 * 1024 * 1024;
const phc = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{43})$/;

/**
 * Hashes a password with a salt of its own (scrypt, off the main thread) as a PHC string:
 * `$scrypt$ln=14,r=8,p=5$<salt>$<hash>`. The text is brought to Unicode NFC first (RFC 8265), so that a Hangul password
 * typed on another system still fits.
 *
 * @example
 * const stored = await hashPassword(body.password, random);
 */
export async function hashPassword(
  password: string,
  random: Random,
  cost: PasswordCost = defaultCost,
): Promise<string> {
  const salt = random.bytes(new Uint8Array(saltBytes));
  const hash = await derive(password, salt, cost);
  const { logN, blockSize, parallel } = cost;
  return `$scrypt$ln=${logN},r=${blockSize},p=${parallel}$${base64(salt)}$${base64(hash)}`;
}

/**
 * Whether a password fits a stored hash. Give `undefined` for an unknown user: the answer is false and takes as long as
 * for a known one, so that nobody learns who has an account. Rejects with IDENTITY_PASSWORD_HASH_INVALID.
 */
export async function verifyPassword(password: string, stored: string | undefined): Promise<boolean> {
  const { cost, salt, hash } = stored === undefined ? nobody : parse(stored);
  const derived = await derive(password, salt, cost);
  return timingSafeEqual(derived, hash) && stored !== undefined;
}

interface Parsed {
  readonly cost: PasswordCost;
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

const nobody: Parsed = { cost: defaultCost, salt: new Uint8Array(saltBytes), hash: new Uint8Array(hashBytes) };

function parse(stored: string): Parsed {
  const match = phc.exec(stored);
  const [, logN, blockSize, parallel, salt, hash] = match ?? [];
  if (salt === undefined || hash === undefined) {
    throw identityErrors.PASSWORD_HASH_INVALID(
      'a stored password hash is not of the form "$scrypt$ln=…,r=…,p=…$salt$hash"; nobody can sign in with it',
    );
  }
  const cost = { logN: Number(logN), blockSize: Number(blockSize), parallel: Number(parallel) };
  if (cost.logN < 1 || cost.blockSize < 1 || cost.parallel < 1 || memoryBytes(cost) > maxMemoryBytes) {
    throw identityErrors.PASSWORD_HASH_INVALID(
      `a stored password hash asks for ln=${logN}, r=${blockSize}, p=${parallel}; at most 256 MiB of memory are given to it`,
    );
  }
  return { cost, salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') };
}

function derive(password: string, salt: Uint8Array, cost: PasswordCost): Promise<Buffer> {
  const parameters = { N: 2 ** cost.logN, r: cost.blockSize, p: cost.parallel, maxmem: 2 * memoryBytes(cost) };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, hashBytes, parameters, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

function memoryBytes({ logN, blockSize, parallel }: PasswordCost): number {
  return 128 * blockSize * (2 ** logN + parallel);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '');
}
