/** Media types whose answers go on until somebody leaves. */
const streamTypes =
  /^(?:text\/event-stream|application\/x-ndjson|application\/jsonl|application\/stream\+json)\s*(?:;|$)/i;

/** The first value of a field among names and values in turn; `name` in lower case. */
export function answerField(fields: readonly string[], name: string): string | undefined {
  for (let index = 0; index < fields.length; index += 2) {
    if (fields[index]?.toLowerCase() === name) return fields[index + 1];
  }
  return undefined;
}

/** Whether the answer with these fields, names and values in turn, is a stream. */
export function isStreamAnswer(fields: readonly string[]): boolean {
  const type = answerField(fields, 'content-type');
  return type !== undefined && streamTypes.test(type);
}

/**
 * Puts what was taken off the request's path before the paths that the answer names, so that they lead through the proxy
 * again. Whole URLs and relative references stay as they are.
 */
export function prefixPaths(fields: string[], prefix: string): void {
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index]?.toLowerCase();
    if (name !== 'location' && name !== 'content-location') continue;
    const value = fields[index + 1] ?? '';
    if (value.startsWith('/') && !value.startsWith('//')) fields[index + 1] = prefix + value;
  }
}

/** RFC 8288 §3, as Node.js demands it of early hints. */
const link = /^<[^>\s]*>(?:\s*;\s*[^;"\s=]+(?:=(?:"[^;"\s]*"|[^;"\s]*))?)*$/;

/** The links that the fields, names and values in turn, hold and that can be sent before an answer. */
export function linksOf(fields: readonly string[]): readonly string[] {
  const links: string[] = [];
  for (let index = 0; index < fields.length; index += 2) {
    if (fields[index]?.toLowerCase() === 'link') links.push(...(fields[index + 1] ?? '').split(/,\s*(?=<)/));
  }
  return links.filter((one) => link.test(one));
}
