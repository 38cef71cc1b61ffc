import { usePreferences } from '@dure/console/design';
import type { Messages } from './messages.en.ts';
import { messages } from './messages.ts';

/** The shop's texts in the reader's language. */
export function useMessages(): Messages {
  return messages[usePreferences().language];
}
