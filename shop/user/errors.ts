import { errorCatalogue } from '@dure/core';

/** What can go wrong in the user service beside its declared refusals. */
export const userErrors = errorCatalogue('USER', {
  NOT_ISSUER: {
    kind: 'internal',
    en: {
      title: 'The user service cannot issue tokens',
      fix: 'Name its contract as the issuer in the system: `edge({ session: { issuer: user, signIn: "signIn" } })`.',
    },
    ko: {
      title: '사용자 서비스가 토큰을 발급할 수 없습니다',
      fix: '시스템에서 이 계약을 발급자로 지정하십시오: `edge({ session: { issuer: user, signIn: "signIn" } })`.',
    },
  },
});
