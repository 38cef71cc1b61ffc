/** How an answer can be compressed. */
export type Coding = 'br' | 'gzip' | 'zstd';

/**
 * The coding that a client likes best by its `Accept-Encoding` (RFC 9110 §12.5.3), of those it likes equally the first
 * offered; undefined when it would rather have none. A client that says nothing gets none: it may be unable to undo it.
 */
export function acceptedCoding(accept: string | undefined, offered: readonly Coding[]): Coding | undefined {
  if (accept === undefined) return undefined;
  const weights = new Map<string, number>();
  for (const entry of accept.toLowerCase().split(',')) {
    const match = /^\s*(\*|[a-z0-9-]+)\s*(?:;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?$/.exec(entry);
    if (match !== null) weights.set(match[1] === 'x-gzip' ? 'gzip' : (match[1] ?? ''), Number(match[2] ?? 1));
  }
  const others = weights.get('*') ?? 0;
  let best: Coding | undefined;
  let bestWeight = 0;
  for (const coding of offered) {
    const weight = weights.get(coding) ?? others;
    if (weight > bestWeight) {
      best = coding;
      bestWeight = weight;
    }
  }
  return bestWeight >= (weights.get('identity') ?? 0) ? best : undefined;
}
