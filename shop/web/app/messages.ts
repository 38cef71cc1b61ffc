import type { Language } from '@dure/console/design';
import type { Messages } from './messages.en.ts';
import { english } from './messages.en.ts';
import { korean } from './messages.ko.ts';

/** The shop's texts by language. */
export const messages: Readonly<Record<Language, Messages>> = { en: english, ko: korean };
