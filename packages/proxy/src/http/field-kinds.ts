/**
 * What is done with a header field, decided once for each spelling of its name. The memory is bounded: names beyond it
 * are judged anew each time.
 */
export function fieldKinds<Kind>(judge: (lowerCaseName: string) => Kind): (name: string) => Kind {
  const known = new Map<string, Kind>();
  return (name) => {
    const kind = known.get(name);
    if (kind !== undefined) return kind;
    const judged = judge(name.toLowerCase());
    if (known.size < 2_000 && name.length <= 64) known.set(name, judged);
    return judged;
  };
}

/** Fields that are meant for one connection (RFC 9110 §7.6.1), besides those that `Connection` names. */
export const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** Splits a comma-separated field value into lower-case tokens. */
export function tokens(value: string): readonly string[] {
  return value
    .split(',')
    .map((token) => token.trim().toLowerCase())
    .filter((token) => token !== '');
}
