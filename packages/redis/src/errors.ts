import { errorCatalogue } from '@dure/core';

/** What can go wrong between Dure and a Redis or Valkey server. Messages never hold a password. */
export const redisErrors = errorCatalogue('REDIS', {
  UNAVAILABLE: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'Redis does not answer, or not in time',
      fix: 'Check the address, the network and the load of the server; meanwhile whoever asks does without it, as configured.',
    },
    ko: {
      title: 'Redis가 응답하지 않거나 제때 응답하지 않습니다',
      fix: '주소, 네트워크, 서버 부하를 확인하십시오. 그동안은 설정한 대로 Redis 없이 동작합니다.',
    },
  },
  REFUSED: {
    kind: 'upstream',
    en: {
      title: 'Redis answered a command with an error',
      fix: "See Redis' own words in the message; NOPERM and NOAUTH want another user or password, OOM more memory or an eviction policy.",
    },
    ko: {
      title: 'Redis가 명령에 오류로 응답했습니다',
      fix: '메시지에 나온 Redis의 설명을 확인하십시오. NOPERM과 NOAUTH는 사용자나 비밀번호를, OOM은 메모리나 축출 정책을 바꿔야 합니다.',
    },
  },
  ADDRESS_INVALID: {
    kind: 'internal',
    en: {
      title: 'That is no address of a Redis server',
      fix: 'Write `redis://host:6379`, or `rediss://…` for TLS, with user, password and database as needed.',
    },
    ko: {
      title: 'Redis 서버의 주소가 아닙니다',
      fix: '`redis://host:6379` 형식으로 쓰십시오. TLS는 `rediss://…`이며, 필요하면 사용자, 비밀번호, 데이터베이스 번호를 더하십시오.',
    },
  },
});
