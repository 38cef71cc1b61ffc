import type { JSX } from 'preact';
import type { IconName } from './icons.tsx';
import { Icon } from './icons.tsx';
import type { Theme } from './preferences.ts';
import { sharedTexts } from './texts.ts';
import { preferences, usePreferences } from './use-preferences.ts';

const themes: Readonly<Record<Theme, { readonly icon: IconName; readonly next: Theme }>> = {
  system: { icon: 'system', next: 'light' },
  light: { icon: 'sun', next: 'dark' },
  dark: { icon: 'moon', next: 'system' },
};

/** Goes round system, light and dark; its label says which one is in force. */
export function ThemeButton(): JSX.Element {
  const { language, theme } = usePreferences();
  const { icon, next } = themes[theme];
  const label = sharedTexts[language].theme[theme];
  return (
    <button
      type="button"
      class="button button-quiet button-icon"
      title={label}
      aria-label={label}
      onClick={() => preferences.change({ theme: next })}
    >
      <Icon name={icon} />
    </button>
  );
}

/** Offers the other language, in that language. */
export function LanguageButton(): JSX.Element {
  const { language } = usePreferences();
  const other = language === 'ko' ? 'en' : 'ko';
  const label = sharedTexts[language].otherLanguage;
  return (
    <button
      type="button"
      class="button button-quiet"
      lang={other}
      title={label}
      aria-label={label}
      onClick={() => preferences.change({ language: other })}
    >
      <Icon name="globe" />
      <span aria-hidden="true">{other === 'ko' ? '한' : 'EN'}</span>
    </button>
  );
}

/** The first thing that Tab reaches: past the navigation, to `#main`. */
export function SkipLink(): JSX.Element {
  const { language } = usePreferences();
  return (
    <a class="skip" href="#main">
      {sharedTexts[language].skip}
    </a>
  );
}
