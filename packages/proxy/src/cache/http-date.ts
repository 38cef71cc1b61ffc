const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const time = String.raw`(\d\d):(\d\d):(\d\d)`;
const month = `(${months.join('|')})`;
const fixed = new RegExp(String.raw`^(?:mon|tue|wed|thu|fri|sat|sun), (\d\d) ${month} (\d{4}) ${time} gmt$`, 'i');
const rfc850 = new RegExp(
  String.raw`^(?:mon|tues|wednes|thurs|fri|satur|sun)day, (\d\d)-${month}-(\d\d) ${time} gmt$`,
  'i',
);
const asctime = new RegExp(String.raw`^(?:mon|tue|wed|thu|fri|sat|sun) ${month} ([ \d]\d) ${time} (\d{4})$`, 'i');

/**
 * Reads a date in one of the three forms of RFC 9110 §5.6.7, in epoch milliseconds; undefined when it is in none, however
 * much it looks like a date. A two-digit year lies at most 50 years after `now`.
 */
export function readHttpDate(text: string, now: number): number | undefined {
  const plain = fixed.exec(text);
  if (plain !== null) {
    const [, day, name, year, ...rest] = plain;
    return dateOf(Number(year), name, day, rest);
  }
  const old = rfc850.exec(text);
  if (old !== null) {
    const [, day, name, short, ...rest] = old;
    const thisYear = new Date(now).getUTCFullYear();
    const year = thisYear - (thisYear % 100) + Number(short);
    return dateOf(year > thisYear + 50 ? year - 100 : year, name, day, rest);
  }
  const c = asctime.exec(text);
  if (c === null) return undefined;
  const [, name, day, hours, minutes, seconds, year] = c;
  return dateOf(Number(year), name, day, [hours, minutes, seconds]);
}

/** Writes a date as RFC 9110 wants it. */
export function formatHttpDate(epochMs: number): string {
  return new Date(epochMs).toUTCString();
}

function dateOf(
  year: number,
  name: string | undefined,
  day: string | undefined,
  clock: readonly (string | undefined)[],
): number | undefined {
  const [hours = 0, minutes = 0, seconds = 0] = clock.map(Number);
  const date = Number(day);
  if (hours > 23 || minutes > 59 || seconds > 60 || date < 1 || date > 31) return undefined;
  return Date.UTC(year, months.indexOf(name?.toLowerCase() ?? ''), date, hours, minutes, seconds);
}
