import type { Purchase } from './api.ts';

/** One wish to buy: however often it is sent, it carries the same key, so that it is carried out once. */
export interface Attempt {
  readonly key: string;
  readonly purchase: string;
}

/** The key to send a purchase with: the last one while the purchase is the same, a new one as soon as it differs. */
export function attemptFor(last: Attempt | undefined, purchase: Purchase, newKey: () => string): Attempt {
  const written = JSON.stringify(purchase);
  return last?.purchase === written ? last : { key: newKey(), purchase: written };
}

/** Reads an attempt that was kept over a reload; nonsense gives none. */
export function decodeAttempt(text: string | null): Attempt | undefined {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    if (typeof value !== 'object' || value === null || !('key' in value) || !('purchase' in value)) return undefined;
    const { key, purchase } = value;
    return typeof key === 'string' && typeof purchase === 'string' ? { key, purchase } : undefined;
  } catch {
    return undefined;
  }
}
