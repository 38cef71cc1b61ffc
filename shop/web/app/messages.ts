import type { Language } from '@dure/console/design';
import { english } from './messages.en.ts';
import { korean } from './messages.ko.ts';

/** Every text of the shop; the English ones say which there are. */
export type Messages = typeof english;

/** The shop's texts by language. */
export const messages: Readonly<Record<Language, Messages>> = { en: english, ko: korean };
