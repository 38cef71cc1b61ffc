const seriesCount = 12;

/**
 * Gives each service one of the design's series colours (`--series-1` …). A name keeps its colour as long as no other
 * service wants the same one; then the later in the alphabet takes the next that is free.
 */
export function serviceColours(services: Iterable<string>): ReadonlyMap<string, string> {
  const colours = new Map<string, string>();
  const taken = new Set<number>();
  for (const service of [...new Set(services)].sort()) {
    let series = hash(service) % seriesCount;
    if (taken.size < seriesCount) while (taken.has(series)) series = (series + 1) % seriesCount;
    taken.add(series);
    colours.set(service, `var(--series-${series + 1})`);
  }
  return colours;
}

/** FNV-1a, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/). */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value ^= text.charCodeAt(index);
    value = Math.imul(value, 0x01000193);
  }
  return value >>> 0;
}
