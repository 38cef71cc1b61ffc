import { useEffect, useState } from 'preact/hooks';
import type { PreferenceStore, Preferences } from './preferences.ts';
import { preferenceStore } from './preferences.ts';

/** The browser's one store of preferences. */
export const preferences: PreferenceStore = preferenceStore(browserStorage(), navigator.languages);

/** The preferences in force; the component is drawn again when they change. */
export function usePreferences(): Preferences {
  const [current, setCurrent] = useState(preferences.current());
  useEffect(() => preferences.subscribe(() => setCurrent(preferences.current())), []);
  return current;
}

/** Writes language and theme onto the document now and at each change. */
export function applyPreferences(): void {
  const apply = () => {
    const { language, theme } = preferences.current();
    document.documentElement.lang = language;
    if (theme === 'system') document.documentElement.removeAttribute('data-theme');
    else document.documentElement.dataset.theme = theme;
  };
  apply();
  preferences.subscribe(apply);
}

/** Touching `localStorage` throws where a browser forbids it. */
function browserStorage(): Storage | undefined {
  try {
    return window.localStorage;
  } catch {
    return undefined;
  }
}
