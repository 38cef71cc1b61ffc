/** A duration as Spring Boot reads it, in milliseconds: `500`, `500ms`, `5s`, `1m`, `PT1.5S`. */
export function durationMs(text: string): number | undefined {
  const [, amount, unit = 'ms'] = /^([+-]?\d+)\s*(ns|us|ms|s|m|h|d)?$/i.exec(text) ?? [];
  if (amount !== undefined) return Math.round(Number(amount) * (durationUnits[unit.toLowerCase()] ?? 1));
  const [whole, days = '0', hours = '0', minutes = '0', seconds = '0'] =
    /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/i.exec(text) ?? [];
  if (whole === undefined || whole.length < 3) return undefined;
  return ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60_000 + Math.round(Number(seconds) * 1_000);
}

const durationUnits: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A size as Spring's `DataSize` reads it, in bytes: `5000000`, `10KB`, `5MB`. */
export function dataSizeBytes(text: string): number | undefined {
  const [, amount, unit = 'B'] = /^(\d+)\s*(B|KB|MB|GB|TB)?$/.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) * 1_024 ** ['B', 'KB', 'MB', 'GB', 'TB'].indexOf(unit);
}

/** A moment as `ZonedDateTime` reads it, `2030-01-20T17:42:47.789+01:00[Europe/Berlin]`, or milliseconds since 1970. */
export function momentMs(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text);
  const [, time] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))(?:\[[\w/+-]+\])?$/.exec(text) ?? [];
  const moment = time === undefined ? Number.NaN : Date.parse(time);
  return Number.isNaN(moment) ? undefined : moment;
}
