/** What an HTTP/2 request is in the words of HTTP/1.1, or why it is refused. */
export type TranslatedFields = { readonly raw: readonly string[] } | { readonly why: string };

const token = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const method = /^[A-Z]{1,20}$/;
/** RFC 9110 §5.5, and no white space around it (RFC 9113 §8.2.1). */
const value = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;
/** RFC 9113 §8.2.2: what concerns a connection has no place in HTTP/2, least of all what frames a body. */
const ofConnections: ReadonlySet<string> = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/**
 * Puts the fields of an HTTP/2 request, names and values in turn with the pseudo-header fields, into HTTP/1.1's form
 * (RFC 9113 §8.3): exactly what HTTP/1.1 would read as the same request, and nothing that could be read as another one.
 */
export function http1Fields(fields: readonly string[]): TranslatedFields {
  const pseudo = new Map<string, string>();
  const raw: string[] = [];
  let host: string | undefined;
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? '';
    const text = fields[index + 1] ?? '';
    if (!value.test(text)) return refuse(`the value of "${name}" is not well-formed`);
    if (name.startsWith(':')) {
      if (raw.length > 0 || pseudo.has(name)) return refuse(`"${name}" is there twice or too late`);
      pseudo.set(name, text);
    } else if (!token.test(name) || ofConnections.has(name) || (name === 'te' && text !== 'trailers')) {
      return refuse('a field has no place in HTTP/2');
    } else if (name === 'host') {
      if (host !== undefined) return refuse('the field "Host" is there twice');
      host = text;
    } else raw.push(name, text);
  }
  const authority = pseudo.get(':authority') ?? host;
  const bad = badPseudo(pseudo) ?? (host !== undefined && host !== authority ? 'two hosts are named' : undefined);
  if (bad !== undefined) return refuse(bad);
  return { raw: authority === undefined ? raw : ['host', authority, ...raw] };
}

const known: ReadonlySet<string> = new Set([':method', ':scheme', ':path', ':authority']);

function badPseudo(pseudo: ReadonlyMap<string, string>): string | undefined {
  for (const name of pseudo.keys()) if (!known.has(name)) return `"${name}" is unknown`;
  const path = pseudo.get(':path') ?? '';
  if (!method.test(pseudo.get(':method') ?? '')) return 'the method is none';
  if (!/^https?$/.test(pseudo.get(':scheme') ?? '')) return 'the scheme is neither http nor https';
  if (!path.startsWith('/') && path !== '*') return 'the path does not begin with "/"';
  return /[\s#]/.test(path) ? 'the path holds white space or a fragment' : undefined;
}

function refuse(why: string): TranslatedFields {
  return { why };
}
