import type { Money } from '@dure/core';
import type { Language } from './preferences.ts';

const locales: Readonly<Record<Language, string>> = { en: 'en-GB', ko: 'ko-KR' };

const rateUnits: Readonly<Record<Language, readonly [string, string]>> = { en: ['/s', '/min'], ko: ['/초', '/분'] };

/** Money in the reader's language: `₩12,000`. Amounts are in minor units; the currency says how many there are. */
export function formatMoney(money: Money, language: Language): string {
  const format = new Intl.NumberFormat(locales[language], {
    style: 'currency',
    currency: money.currency,
    currencyDisplay: 'narrowSymbol',
  });
  return format.format(money.amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 0));
}

/** A whole or fractional number, grouped. */
export function formatNumber(value: number, language: Language, digits = 0): string {
  return new Intl.NumberFormat(locales[language], { maximumFractionDigits: digits }).format(value);
}

/** A rate with the unit in which it is easily read: `20.4/s`, `4.8/min`; what is rare is not shown as nothing. */
export function formatRate(perSecond: number, language: Language): string {
  const rare = perSecond < 0.95;
  const value = formatNumber(rare ? perSecond * 60 : perSecond, language, 1);
  return `${value}${rateUnits[language][rare ? 1 : 0]}`;
}

/** A ratio (0 to 1) in per cent; small but not zero is never shown as 0 %. */
export function formatRatio(ratio: number, language: Language): string {
  const format = new Intl.NumberFormat(locales[language], {
    style: 'percent',
    maximumFractionDigits: ratio > 0 && ratio < 0.1 ? 1 : 0,
  });
  return ratio > 0 && ratio < 0.001 ? `<${format.format(0.001)}` : format.format(ratio);
}

/** A duration in milliseconds with three significant digits and the unit that fits: `840 µs`, `12.4 ms`, `1.53 s`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 0.9995) return `${significant(durationMs * 1000)} µs`;
  if (durationMs < 999.5) return `${significant(durationMs)} ms`;
  if (durationMs < 59_950) return `${significant(durationMs / 1000)} s`;
  const seconds = Math.round(durationMs / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** The day and the time, to the second or to the minute. */
export function formatDateTime(epochMs: number, language: Language, to: 'second' | 'minute' = 'second'): string {
  const timeStyle = to === 'second' ? 'medium' : 'short';
  return new Intl.DateTimeFormat(locales[language], { dateStyle: 'medium', timeStyle }).format(epochMs);
}

/** The time of day to the millisecond, as in a log. */
export function formatTimeOfDay(epochMs: number): string {
  return new Intl.DateTimeFormat('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    hour12: false,
  }).format(epochMs);
}

/** How long ago: `now`, `5 seconds ago`, `3분 전`. */
export function formatAgo(epochMs: number, nowMs: number, language: Language): string {
  const format = new Intl.RelativeTimeFormat(locales[language], { numeric: 'auto' });
  const seconds = Math.max(0, Math.round((nowMs - epochMs) / 1000));
  if (seconds < 60) return format.format(-seconds, 'second');
  if (seconds < 3600) return format.format(-Math.floor(seconds / 60), 'minute');
  if (seconds < 86_400) return format.format(-Math.floor(seconds / 3600), 'hour');
  return format.format(-Math.floor(seconds / 86_400), 'day');
}

function significant(value: number): string {
  if (value >= 99.95) return String(Math.round(value));
  if (value >= 9.995) return trim(value.toFixed(1));
  return trim(value.toFixed(2));
}

function trim(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
