import { codeOf } from '@dure/core';
import type { HttpRequest, HttpResponse, HttpRoute } from '@dure/service/server';
import type { Keyring } from '../cipher/keyring.ts';
import type { ConfigEncryption } from './encryption.ts';
import { decryptScope, encryptScope } from './encryption.ts';
import { meantBody } from './form-body.ts';

const largestBodyBytes = 64 * 1024;

/**
 * `/encrypt`, `/decrypt`, `/key` and `/encrypt/status` as Spring Cloud Config's server has them, for those who have the
 * scopes of `encryption.ts`: nobody is given them unless the tokens or users of the server say so. Application and profiles
 * choose no key, as with Spring's single key; `{key:…}` does.
 */
export function encryptionRoutes(encryption: ConfigEncryption | undefined): readonly HttpRoute[] {
  const answering = (make: (ring: Keyring, request: HttpRequest) => HttpResponse) => async (request: HttpRequest) => {
    const ring = await encryption?.keyring();
    return ring === undefined ? noKey : make(ring, request);
  };
  const encrypt = { access: { scope: encryptScope }, handle: answering(encrypted) };
  const key = { access: { scope: encryptScope }, handle: answering(publicKey) };
  const status = { access: { scope: encryptScope }, handle: answering(() => json(200, { status: 'OK' })) };
  const decrypts = encryption?.decrypts ?? true;
  const decrypt = { access: { scope: decryptScope }, handle: answering(decrypts ? decrypted : () => notHere) };
  const post = (path: string) => ({ method: 'POST', path, maxBodyBytes: largestBodyBytes }) as const;
  return [
    { ...post('/encrypt'), ...encrypt },
    { ...post('/encrypt/:name/:profiles'), ...encrypt },
    { ...post('/decrypt'), ...decrypt },
    { ...post('/decrypt/:name/:profiles'), ...decrypt },
    { method: 'GET', path: '/key', ...key },
    { method: 'GET', path: '/key/:name/:profiles', ...key },
    { method: 'GET', path: '/encrypt/status', ...status },
  ];
}

/** Neither kept on the way nor taken for a page. */
const guarded = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

const noKey = refusal(404, 'NO_KEY', 'No key was installed for encryption service');
const notHere = refusal(400, 'BAD_REQUEST', 'Server-side decryption is not supported');
/** The same for all that can be wrong with a text, so that nobody learns by trying. */
const notEncrypted = refusal(400, 'INVALID', 'Text not encrypted with this key');
const noPublicKey = refusal(404, 'NOT_FOUND', 'No public key available');

function encrypted(ring: Keyring, request: HttpRequest): HttpResponse {
  const text = bodyOf(request, false);
  if (text === undefined) return notEncrypted;
  return orRefusal(noKey, () => plainText(ring.encrypt(text)));
}

function decrypted(ring: Keyring, request: HttpRequest): HttpResponse {
  const text = bodyOf(request, true);
  if (text === undefined) return notEncrypted;
  return orRefusal(notEncrypted, () => plainText(ring.decrypt(text)));
}

function publicKey(ring: Keyring): HttpResponse {
  const key = ring.publicKey();
  return key === undefined ? noPublicKey : plainText(key);
}

/** A key that is not there, and a text that it did not encrypt, are the caller's; all else is ours. */
function orRefusal(refused: HttpResponse, answer: () => HttpResponse): HttpResponse {
  try {
    return answer();
  } catch (error) {
    const code = codeOf(error);
    if (code === 'CONFIG_KEY_MISSING' || code === 'CONFIG_CIPHER_UNREADABLE') return refused;
    throw error;
  }
}

function bodyOf({ body, headers }: HttpRequest, isCipher: boolean): string | undefined {
  const type = headers['content-type'];
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    return typeof type === 'string' ? meantBody(text, type, isCipher) : undefined;
  } catch {
    return undefined;
  }
}

function plainText(body: string): HttpResponse {
  return { status: 200, headers: { 'content-type': 'text/plain;charset=UTF-8', ...guarded }, body };
}

function refusal(status: number, word: string, description: string): HttpResponse {
  return json(status, { description, status: word });
}

function json(status: number, body: object): HttpResponse {
  return { status, headers: { 'content-type': 'application/json', ...guarded }, body: JSON.stringify(body) };
}
