import type { CanaryReport } from '../supervisor/events.ts';
import { messages } from './messages.ts';
import type { Language } from './terminal.ts';

/** What is tried out of a service from now on, in one line. */
export function canaryLine({ service, stable, canary }: CanaryReport, language: Language): string {
  const { tried, noCanary } = messages[language];
  return canary === undefined ? noCanary(service, stable) : tried(canary.process, canary.version, stable);
}
