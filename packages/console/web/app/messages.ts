import type { Language } from '../design/preferences.ts';
import type { Messages } from './messages.en.ts';
import { english } from './messages.en.ts';
import { korean } from './messages.ko.ts';

/** The console's texts by language. */
export const messages: Readonly<Record<Language, Messages>> = { en: english, ko: korean };
