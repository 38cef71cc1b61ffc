import { errorCatalogue } from '@dure/core';

/** What the layers of this package answer in place of the operation. */
export const resilienceErrors = errorCatalogue('RESILIENCE', {
  DEADLINE_EXCEEDED: {
    kind: 'timeout',
    en: {
      title: 'The time that the caller gave is used up',
      fix: 'Give the call a later deadline, or find in the trace which step took the time.',
    },
    ko: {
      title: '호출에 주어진 시간을 모두 썼습니다',
      fix: '데드라인을 늘리거나, 트레이스에서 어느 단계가 시간을 썼는지 확인하십시오.',
    },
  },
  TIMEOUT: {
    kind: 'timeout',
    retryable: true,
    en: {
      title: 'One attempt took longer than the operation allows',
      fix: 'See in the trace where the time went; raise `timeoutMs` in the contract only if the work is really that long.',
    },
    ko: {
      title: '한 번의 시도가 오퍼레이션의 제한 시간을 넘겼습니다',
      fix: '트레이스에서 시간이 어디에 쓰였는지 보고, 정말 오래 걸리는 작업일 때만 계약의 `timeoutMs`를 늘리십시오.',
    },
  },
  CANCELLED: {
    kind: 'cancelled',
    en: { title: 'The caller has gone', fix: 'Nothing: nobody waits for this answer any more.' },
    ko: { title: '호출한 쪽이 떠났습니다', fix: '할 일이 없습니다. 이 응답을 기다리는 곳이 더는 없습니다.' },
  },
  BREAKER_OPEN: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'The circuit breaker is open: too many calls failed lately',
      fix: 'Look at the errors before it opened; it tries again by itself at the time that the message names.',
    },
    ko: {
      title: '서킷 브레이커가 열려 있습니다. 최근 호출이 너무 많이 실패했습니다',
      fix: '열리기 전의 오류를 확인하십시오. 메시지에 나온 시각이 되면 스스로 다시 시도합니다.',
    },
  },
  OPTION_INVALID: {
    kind: 'internal',
    en: { title: 'An option of a layer makes no sense', fix: 'Correct the option that the message names.' },
    ko: { title: '레이어 옵션의 값이 올바르지 않습니다', fix: '메시지에 나온 옵션을 고치십시오.' },
  },
});
