import { errorCatalogue } from '@dure/core';

/** What can go wrong with feature flags; all of it is the code's mistake, and shows at its first start or test. */
export const flagsErrors = errorCatalogue('FLAGS', {
  DECLARATION_INVALID: {
    kind: 'internal',
    en: {
      title: 'A feature flag is declared wrongly',
      fix: 'Give it a name in camelCase, once, and a default that is one of its variants or fits its schema.',
    },
    ko: {
      title: '기능 플래그 선언이 잘못되었습니다',
      fix: '이름은 camelCase로 한 번만 쓰고, 기본값은 변형(variant) 중 하나이거나 스키마에 맞아야 합니다.',
    },
  },
  UNDECLARED: {
    kind: 'internal',
    en: {
      title: 'A service asks for a feature flag that it does not declare',
      fix: 'List the flag in the service’s `flags`, so that its rules are checked and delivered.',
    },
    ko: {
      title: '서비스가 선언하지 않은 기능 플래그를 조회했습니다',
      fix: '규칙이 검증되고 전달되도록 서비스의 `flags`에 플래그를 추가하십시오.',
    },
  },
});
