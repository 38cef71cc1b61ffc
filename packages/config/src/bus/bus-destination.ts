/** A destination as it is sent, after Spring Cloud Bus: nothing is everybody, and `orders` is every instance of it. */
export function busDestination(destination: string | undefined): string {
  if (destination === undefined || destination === '' || destination === '**') return '**';
  const colons = destination.split(':').length - 1;
  return colons <= 1 && !destination.endsWith(':**') ? `${destination}:**` : destination;
}

/**
 * Whether an instance is meant. An id with several profiles also answers to each of them, and to other names of its
 * application, as in Spring Cloud Bus' `BusServiceMatcher`.
 */
export function isMeant(destination: string | undefined, id: string, aliases: readonly string[] = []): boolean {
  if (destination === undefined || destination.trim() === '') return true;
  const [, ...rest] = id.split(':');
  const ids = [id, ...aliases.map((alias) => [alias, ...rest].join(':'))];
  return ids.flatMap(eachProfile).some((one) => matchesPath(destination, one));
}

function eachProfile(id: string): readonly string[] {
  const [application = '', profiles = '', ...rest] = id.split(':');
  const list = profiles.split(',');
  return list.length < 2 ? [id] : [id, ...list.map((profile) => [application, profile, ...rest].join(':'))];
}

/**
 * Spring's `AntPathMatcher` with `:` between segments: `?` one character, `*` any number within a segment, `**` any number
 * of segments, `{name}` and `{name:pattern}` one segment. Case counts.
 */
export function matchesPath(pattern: string, path: string): boolean {
  if (pattern.startsWith(':') !== path.startsWith(':')) return false;
  const wanted = segments(pattern);
  const given = segments(path);
  if (!wanted.includes('**') && pattern.endsWith(':') !== path.endsWith(':')) return false;
  return matchesFrom(wanted, given);
}

/** Row by row, so that no pattern takes more than the product of the two lengths. */
function matchesFrom(wanted: readonly string[], given: readonly string[]): boolean {
  let before = [true, ...given.map(() => false)];
  for (const segment of wanted) {
    const row = [segment === '**' && before[0] === true];
    for (const [index, text] of given.entries()) {
      const isReached =
        segment === '**'
          ? before[index + 1] === true || row[index] === true
          : before[index] === true && matchesSegment(segment, text);
      row.push(isReached);
    }
    before = row;
  }
  return before[given.length] === true;
}

function matchesSegment(pattern: string, text: string): boolean {
  if (!/[?*{]/.test(pattern)) return pattern === text;
  return matchesGlob(pattern.replaceAll(/\{[^{}]*\}/g, '*'), text);
}

/** Two places of return at most: no pattern makes it slow. */
function matchesGlob(pattern: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let after = 0;
  let index = 0;
  while (index < text.length) {
    if (pattern[at] === '*') {
      star = at;
      after = index;
      at += 1;
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[index])) {
      at += 1;
      index += 1;
    } else if (star >= 0) {
      after += 1;
      index = after;
      at = star + 1;
    } else return false;
  }
  return [...pattern.slice(at)].every((rest) => rest === '*');
}

function segments(path: string): readonly string[] {
  return path.split(':').filter((segment) => segment !== '');
}
