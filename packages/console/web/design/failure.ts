import type { Language } from './preferences.ts';
import { sharedTexts } from './texts.ts';
import type { Failure } from './transport.ts';

/** A failure in words. `code` is what a developer looks up. */
export interface FailureWords {
  readonly title: string;
  readonly detail?: string;
  readonly code?: string;
}

/**
 * Says what failed in the reader's language where `words` knows the code or the refusal; otherwise in the problem's own
 * words, with what it says about each field.
 */
export function describeFailure(
  failure: Exclude<Failure, { readonly kind: 'aborted' }>,
  language: Language,
  words: Readonly<Record<string, string>> = {},
): FailureWords {
  const texts = sharedTexts[language];
  if (failure.kind === 'offline') return { title: texts.offlineTitle, detail: texts.offlineDetail };
  const { problem, retryAfterSeconds } = failure;
  const code = problem.refusal ?? problem.code;
  const known = code === undefined ? undefined : words[code];
  const fields = (problem.errors ?? []).map((error) => `${error.path}: ${error.message}`).join(' · ');
  const wait = retryAfterSeconds === undefined ? undefined : texts.retryIn(retryAfterSeconds);
  const told = known === undefined ? [problem.detail, fields === '' ? undefined : fields] : [];
  const detail = [...told, wait].filter((part) => part !== undefined).join(' ');
  return {
    title: known ?? (problem.title === '' ? texts.failedTitle : problem.title),
    ...(detail === '' ? {} : { detail }),
    ...(code === undefined ? {} : { code }),
  };
}
