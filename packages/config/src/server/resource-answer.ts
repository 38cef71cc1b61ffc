import type { HttpRequest, HttpResponse } from '@dure/service/server';
import type { ResourceFound } from '../properties/config-folder.ts';
import type { Properties } from '../properties/property.ts';
import { wantsBytes } from './negotiation.ts';
import { resolvePlaceholders } from './placeholders.ts';
import { tagged } from './rendered-answers.ts';
import { lookupIn } from './text-formats.ts';

/** What a resource may be called, for each profile in the order they are listed, then for none. */
export function resourcePaths(path: string, profiles: readonly string[]): readonly string[] {
  const dot = path.lastIndexOf('.');
  const end = dot > path.lastIndexOf('/') ? dot : path.length;
  const forProfile = (profile: string) => `${path.slice(0, end)}-${profile}${path.slice(end)}`;
  return [...new Set([...profiles.map((profile) => (profile === 'default' ? path : forProfile(profile))), path])];
}

/**
 * Answers with a resource: its bytes to those who ask for `application/octet-stream`, else text whose placeholders are
 * resolved by the application's configuration. Never as a type that a browser would run.
 *
 * Where placeholders were resolved there is no `Last-Modified`: the file does not tell when the answer changed.
 */
export async function resourceAnswer(
  { headers }: HttpRequest,
  { bytes, modifiedMs }: ResourceFound,
  sources: () => Promise<readonly Properties[]>,
  resolves: boolean,
): Promise<HttpResponse> {
  const modified = modifiedMs === undefined ? {} : { 'last-modified': new Date(modifiedMs).toUTCString() };
  const plain = { 'x-content-type-options': 'nosniff', vary: 'accept, accept-charset' };
  if (wantsBytes(only(headers.accept)))
    return tagged({
      status: 200,
      headers: { 'content-type': 'application/octet-stream', ...plain, ...modified },
      body: bytes,
    });
  const text = decoded(bytes, only(headers['accept-charset']));
  const shown = resolves && text.includes('${') ? resolvePlaceholders(text, lookupIn(await sources())) : text;
  return tagged({
    status: 200,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...plain, ...(shown === text ? modified : {}) },
    body: shown,
  });
}

/** Reads text as the asker says it is written; as UTF-8 when it says nothing, or nothing known. */
function decoded(bytes: Uint8Array, charset: string | undefined): string {
  const [wanted = ''] = (charset ?? '').split(/[,;]/, 1);
  const decoder = (label: string) => new TextDecoder(label, { ignoreBOM: true });
  try {
    return decoder(wanted.trim() || 'utf-8').decode(bytes);
  } catch {
    return decoder('utf-8').decode(bytes);
  }
}

function only(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}
