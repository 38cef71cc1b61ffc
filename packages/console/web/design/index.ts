export { Mark, Wordmark } from './brand.tsx';
export { LanguageButton, SkipLink, ThemeButton } from './controls.tsx';
export type { FailureWords } from './failure.ts';
export { describeFailure } from './failure.ts';
export {
  formatAgo,
  formatDateTime,
  formatDuration,
  formatMoney,
  formatNumber,
  formatRate,
  formatRatio,
  formatTimeOfDay,
} from './format.ts';
export type { IconName } from './icons.tsx';
export { Icon } from './icons.tsx';
export type { LinkProps, Place } from './navigation.tsx';
export { Link, navigate, usePageTitle, usePlace } from './navigation.tsx';
export type { EmptyProps, FailureNoteProps, Tone } from './notices.tsx';
export { Empty, FailureNote, Note, Skeleton } from './notices.tsx';
export type { Language, PreferenceStore, Preferences, Theme } from './preferences.ts';
export type { PageMatch, PageRoute, PathParameters } from './router.ts';
export { matchPage, queryString } from './router.ts';
export type { SharedTexts } from './texts.ts';
export { sharedTexts } from './texts.ts';
export type { Answer, EventHandlers, Failure, RequestOptions } from './transport.ts';
export { followEvents, requestJson } from './transport.ts';
export { nowMs, useEvery } from './use-every.ts';
export { applyPreferences, preferences, usePreferences } from './use-preferences.ts';
export type { Resource } from './use-resource.ts';
export { useResource } from './use-resource.ts';
