import { errorCatalogue } from '@dure/core';

/** What can go wrong in load balancing. */
export const balancerErrors = errorCatalogue('BALANCER', {
  OPTION_INVALID: {
    kind: 'internal',
    en: {
      title: 'A balancing rule was given an impossible option',
      fix: 'Use a value in the range the message names.',
    },
    ko: {
      title: '부하 분산 규칙의 옵션 값이 잘못되었습니다',
      fix: '메시지에 나온 범위 안의 값을 쓰십시오.',
    },
  },
});
