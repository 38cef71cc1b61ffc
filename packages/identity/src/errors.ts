import { DureError, errorCatalogue } from '@dure/core';

/** What can go wrong with keys, tokens and passwords. */
export const identityErrors = errorCatalogue('IDENTITY', {
  ISSUER_INVALID: {
    kind: 'internal',
    en: {
      title: 'An OpenID Connect issuer is not described so that its tokens could be checked',
      fix: 'Correct what the message names: an https address, an audience, an allowed algorithm, a short name of its own.',
    },
    ko: {
      title: 'OpenID Connect 발급자 설정으로는 토큰을 검증할 수 없습니다',
      fix: '메시지에 나온 부분을 고치십시오. https 주소, audience, 허용된 알고리즘, 서로 다른 짧은 이름이 필요합니다.',
    },
  },
  KEY_INVALID: {
    kind: 'internal',
    en: {
      title: 'A key is not an ES256 key',
      fix: 'Give a JSON Web Key with kty "EC" and crv "P-256"; `generateSigningKey()` makes one.',
    },
    ko: {
      title: '키가 ES256 키가 아닙니다',
      fix: 'kty가 "EC", crv가 "P-256"인 JSON Web Key를 주십시오. `generateSigningKey()`로 만들 수 있습니다.',
    },
  },
  KEYS_UNAVAILABLE: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'The keys that sign user tokens could not be fetched',
      fix: 'See whether their issuer is up: the user service (`dure status`), or the identity provider; retry after a moment.',
    },
    ko: {
      title: '사용자 토큰의 서명 키를 가져오지 못했습니다',
      fix: '발급자, 곧 사용자 서비스(`dure status`)나 외부 인증 서버가 떠 있는지 확인하고 잠시 뒤 다시 시도하십시오.',
    },
  },
  PASSWORD_HASH_INVALID: {
    kind: 'internal',
    en: {
      title: 'A stored password hash cannot be read',
      fix: 'Store what `hashPassword` returned, unchanged; let the user set a new password.',
    },
    ko: {
      title: '저장된 비밀번호 해시를 읽을 수 없습니다',
      fix: '`hashPassword`가 돌려준 값을 그대로 저장하고, 사용자에게 비밀번호를 새로 정하게 하십시오.',
    },
  },
});

/** The one answer to every token that is not good, whatever is wrong with it; the cause is for the log only. */
export function tokenInvalid(cause?: unknown): DureError {
  return new DureError('SERVICE_TOKEN_INVALID', 'unauthenticated', 'the token is not valid; sign in again', { cause });
}
