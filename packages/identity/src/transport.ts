import { identityErrors } from './errors.ts';

/** Fetches a JSON document; whatever it rejects with counts as "not available". */
export type FetchJson = (url: string) => Promise<unknown>;

const timeoutMs = 5_000;
/** Discovery documents and key sets are a few KiB. */
const maxBytes = 262_144;

/** Fetches a JSON document of an issuer: within five seconds, at most 256 KiB, and only from where it was asked. IDENTITY_KEYS_UNAVAILABLE. */
export async function fetchIssuerJson(url: string): Promise<unknown> {
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw identityErrors.KEYS_UNAVAILABLE(`${url} answered ${response.status}`, { details: { url } });
  }
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of response.body) {
    size += piece.length;
    if (size > maxBytes)
      throw identityErrors.KEYS_UNAVAILABLE(`${url} answered more than ${maxBytes} bytes`, { details: { url } });
    pieces.push(piece);
  }
  return JSON.parse(Buffer.concat(pieces).toString('utf8')) as unknown;
}
