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

/**
 * A field's value without the white space around it (RFC 9110 §5.5). That is no more than spaces and tabs: `trim` would
 * take 0xA0 as well, which ends many a letter in UTF-8.
 */
export function bareValue(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Splits a comma-separated field value into lower-case tokens. */
export function tokens(value: string): readonly string[] {
  return value
    .split(',')
    .map((token) => token.trim().toLowerCase())
    .filter((token) => token !== '');
}
