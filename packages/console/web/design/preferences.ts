/** The languages that both web interfaces speak. */
export type Language = 'en' | 'ko';
/** `system` follows the machine. */
export type Theme = 'system' | 'light' | 'dark';

/** What a reader may choose; nothing secret, so it may be kept in local storage. */
export interface Preferences {
  readonly language: Language;
  readonly theme: Theme;
}

/** The preferences in force, and how to hear of a change. */
export interface PreferenceStore {
  current(): Preferences;
  change(change: Partial<Preferences>): void;
  /** Returns what ends the subscription. */
  subscribe(listener: () => void): () => void;
}

/** The subset of `Storage` that is used; the browser may refuse it. */
export interface KeyValues {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

const key = 'dure.preferences';

/** Keeps preferences in `storage`; without a stored choice the language follows the browser's list. */
export function preferenceStore(storage: KeyValues | undefined, browserLanguages: readonly string[]): PreferenceStore {
  const listeners = new Set<() => void>();
  let preferences = decode(read(storage), preferredLanguage(browserLanguages));
  return {
    current: () => preferences,
    change(change) {
      preferences = { ...preferences, ...change };
      write(storage, JSON.stringify(preferences));
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The first language of the list that we speak; English otherwise. */
export function preferredLanguage(browserLanguages: readonly string[]): Language {
  for (const tag of browserLanguages) {
    const primary = tag.toLowerCase().split('-')[0];
    if (primary === 'ko' || primary === 'en') return primary;
  }
  return 'en';
}

function decode(text: string | null, language: Language): Preferences {
  const stored = parse(text);
  return {
    language: stored.language === 'ko' || stored.language === 'en' ? stored.language : language,
    theme: stored.theme === 'light' || stored.theme === 'dark' ? stored.theme : 'system',
  };
}

function parse(text: string | null): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function read(storage: KeyValues | undefined): string | null {
  try {
    return storage?.getItem(key) ?? null;
  } catch {
    return null;
  }
}

function write(storage: KeyValues | undefined, value: string): void {
  try {
    storage?.setItem(key, value);
  } catch {
    // A full or forbidden storage only costs the memory of the choice.
  }
}
