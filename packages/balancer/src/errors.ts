import { errorCatalogue } from '@dure/core';

/** What can go wrong in load balancing. */
export const balancerErrors = errorCatalogue('BALANCER', {
  OPTION_INVALID: {
    kind: 'internal',
    en: {
      title: 'Load balancing was given an impossible option',
      fix: 'Use a value in the range the message names.',
    },
    ko: {
      title: '부하 분산 옵션의 값이 잘못되었습니다',
      fix: '메시지에 나온 범위 안의 값을 쓰십시오.',
    },
  },
  PING_FAILED: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'An instance failed an active health check',
      fix: 'Open the address in the message: it answers that the instance is not well, or is not its health endpoint.',
    },
    ko: {
      title: '인스턴스가 능동 상태 검사에 실패했습니다',
      fix: '메시지에 나온 주소를 열어 보십시오. 인스턴스가 정상이 아니라고 답하거나, 상태 검사 주소가 아닐 수 있습니다.',
    },
  },
});
