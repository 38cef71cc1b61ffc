import type { Language, Theme } from './preferences.ts';

/** The words that both web interfaces share. */
export interface SharedTexts {
  readonly skip: string;
  readonly retry: string;
  readonly loading: string;
  readonly offlineTitle: string;
  readonly offlineDetail: string;
  readonly failedTitle: string;
  readonly retryIn: (seconds: number) => string;
  readonly trace: string;
  readonly theme: Readonly<Record<Theme, string>>;
  readonly otherLanguage: string;
}

/** The shared words by language. */
export const sharedTexts: Readonly<Record<Language, SharedTexts>> = {
  en: {
    skip: 'Skip to content',
    retry: 'Try again',
    loading: 'Loading',
    offlineTitle: 'The server does not answer',
    offlineDetail: 'Check that the system is running, then try again. Nothing you entered is lost.',
    failedTitle: 'That did not work',
    retryIn: (seconds) => `Try again in ${seconds} s.`,
    trace: 'Trace',
    theme: { system: 'Theme: as the system', light: 'Theme: light', dark: 'Theme: dark' },
    otherLanguage: '한국어로 보기',
  },
  ko: {
    skip: '본문으로 건너뛰기',
    retry: '다시 시도',
    loading: '불러오는 중',
    offlineTitle: '서버가 응답하지 않습니다',
    offlineDetail: '시스템이 실행 중인지 확인한 뒤 다시 시도해 주세요. 입력한 내용은 그대로 남아 있습니다.',
    failedTitle: '처리하지 못했습니다',
    retryIn: (seconds) => `${seconds}초 뒤에 다시 시도해 주세요.`,
    trace: '트레이스',
    theme: { system: '테마: 시스템 설정', light: '테마: 밝게', dark: '테마: 어둡게' },
    otherLanguage: 'View in English',
  },
};
