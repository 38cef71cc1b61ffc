import type { Language } from '../design/preferences.ts';
import { english } from './messages.en.ts';
import { korean } from './messages.ko.ts';

/** Every text of the console; the English ones say which there are. */
export type Messages = typeof english;

/** The console's texts by language. */
export const messages: Readonly<Record<Language, Messages>> = { en: english, ko: korean };
