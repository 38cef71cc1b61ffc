/** A request target that says one thing only: the same text is matched, forwarded and measured. */
export interface Target {
  readonly ok: true;
  /** Begins with a slash; percent-encoding is minimal and in upper case. */
  readonly path: string;
  /** With its question mark; empty when there is none. */
  readonly query: string;
  /** The authority of a target in absolute form; it must be the Host's. */
  readonly authority: string | undefined;
}

/** Why a target is refused. */
export interface BadTarget {
  readonly ok: false;
  readonly why: string;
}

/** Nearly every target: unreserved and sub-delimiter characters, no empty and no dot segment, no encoding at all. */
const plain = /^(?:\/(?!\.{0,2}(?:[;/]|$))[A-Za-z0-9._~!$&'()*+,;=:@-]+)+\/?$|^\/$/;
const pathCharacters = /^[A-Za-z0-9._~!$&'()*+,;=:@/%-]*$/;
/** RFC 3986 §3.4, and what browsers leave as it is although it belongs encoded. */
const queryCharacters = /^[A-Za-z0-9._~!$&'()*+,;=:@/?%[\]{}|^`\\-]*$/;
const unencoded = /[[\]{}|^`\\]/g;
/** Servers that know parameters of segments take them away first: what is left of `..;a` and `;a` is not what it was. */
const hiddenSegment = /\/\.{0,2};/;
/** A server that decodes twice reads another path. */
const encodedEncoding = /%25[0-9A-Fa-f]{2}/;
const badEncoding = /%(?![0-9A-Fa-f]{2})/;
const absoluteForm = /^https?:\/\/([^/?#]*)(.*)$/i;

/**
 * Reads a request target. Rather than repair what is ambiguous it refuses it, as Spring Security's StrictHttpFirewall
 * does: dot segments, also with parameters, empty segments, encoded slashes, backslashes, semicolons and control
 * characters, what is encoded twice, invalid UTF-8, raw characters outside the URI set. Encoded unreserved characters are
 * decoded and hexadecimal digits raised (RFC 3986 §6.2.2), so that no second spelling of a path reaches a service.
 */
export function readTarget(target: string): Target | BadTarget {
  const absolute = target.startsWith('/') ? null : absoluteForm.exec(target);
  if (absolute !== null) {
    const [, authority = '', rest = ''] = absolute;
    const inner = readTarget(rest.startsWith('/') ? rest : `/${rest}`);
    return inner.ok ? { ...inner, authority } : inner;
  }
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  let query = mark < 0 ? '' : target.slice(mark);
  if (query.length > 1) {
    if (!queryCharacters.test(query)) return bad('the query holds a character that must be percent-encoded');
    if (badEncoding.test(query)) return bad('the query holds a "%" that two hexadecimal digits do not follow');
    query = query.replace(unencoded, encodeURIComponent);
  }
  if (plain.test(path)) return { ok: true, path, query, authority: undefined };
  const normal = normalPath(path);
  return typeof normal === 'string' ? { ok: true, path: normal, query, authority: undefined } : normal;
}

function normalPath(path: string): string | BadTarget {
  if (!path.startsWith('/')) return bad('the target does not begin with "/"');
  if (path.includes('#')) return bad('the target holds a fragment');
  if (path.includes('\\')) return bad('the path holds a backslash');
  if (!pathCharacters.test(path)) return bad('the path holds a character that must be percent-encoded');
  if (badEncoding.test(path)) return bad('the path holds a "%" that two hexadecimal digits do not follow');
  if (path.includes('//')) return bad('the path holds an empty segment ("//")');
  let forbidden: string | undefined;
  const normal = path.replace(/%[0-9A-Fa-f]{2}/g, (encoded) => {
    const code = Number.parseInt(encoded.slice(1), 16);
    const character = String.fromCharCode(code);
    if (code < 0x20 || code === 0x7f || '/\\;'.includes(character)) forbidden ??= encoded;
    return /[A-Za-z0-9._~-]/.test(character) ? character : encoded.toUpperCase();
  });
  if (forbidden !== undefined)
    return bad(`the path holds "${forbidden}", an encoded slash, backslash, semicolon or control character`);
  if (/\/\.{1,2}(?:\/|$)/.test(normal)) return bad('the path holds a dot segment ("." or "..")');
  if (hiddenSegment.test(normal)) return bad('the path holds a segment of parameters only, or dots with parameters');
  if (encodedEncoding.test(normal)) return bad('the path holds something that is percent-encoded twice');
  if (!isUtf8(normal)) return bad('the path is not UTF-8 once it is decoded');
  return normal;
}

function isUtf8(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

function bad(why: string): BadTarget {
  return { ok: false, why };
}
