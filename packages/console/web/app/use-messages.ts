import { usePreferences } from '../design/use-preferences.ts';
import type { Messages } from './messages.en.ts';
import { messages } from './messages.ts';

/** The console's texts in the reader's language. */
export function useMessages(): Messages {
  return messages[usePreferences().language];
}
