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
  BULKHEAD_FULL: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'The bulkhead is full: as many calls as allowed are under way, and its queue is full or took too long',
      fix: 'Find out why the calls take long; raise `most` only if what is behind it can bear more at once.',
    },
    ko: {
      title: '벌크헤드가 가득 찼습니다. 허용된 수만큼 호출이 진행 중이고 대기열도 찼거나 너무 오래 걸렸습니다',
      fix: '호출이 오래 걸리는 이유를 찾으십시오. 뒤쪽이 더 많은 동시 호출을 견딜 수 있을 때만 `most`를 늘리십시오.',
    },
  },
  RATE_LIMITED: {
    kind: 'limited',
    retryable: true,
    en: {
      title: 'More calls than the rate limit allows',
      fix: 'Wait for the time that the message names, or spread the calls.',
    },
    ko: {
      title: '속도 제한을 넘는 호출입니다',
      fix: '메시지에 나온 시간만큼 기다리거나 호출을 고르게 나누십시오.',
    },
  },
  OVERLOADED: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'The adaptive limit refuses the call: more at once would only make everything slower',
      fix: 'Add instances, or send less; the limit rises by itself when answers become faster.',
    },
    ko: {
      title: '적응형 동시 실행 제한이 호출을 거절했습니다. 더 받으면 모두 느려질 뿐입니다',
      fix: '인스턴스를 늘리거나 요청을 줄이십시오. 응답이 빨라지면 제한은 스스로 올라갑니다.',
    },
  },
  SHUT_DOWN: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'The process or the part that makes the call is stopping',
      fix: 'Nothing, when it was meant to stop: another instance answers the next attempt.',
    },
    ko: {
      title: '호출하는 프로세스나 구성 요소가 종료되는 중입니다',
      fix: '의도한 종료라면 할 일이 없습니다. 다음 시도는 다른 인스턴스가 응답합니다.',
    },
  },
  POOL_FULL: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'Every worker is busy and the queue of the worker pool is full',
      fix: 'Send less CPU-bound work at once, or raise `workers` if the machine has cores to spare.',
    },
    ko: {
      title: '모든 워커가 바쁘고 워커 풀의 대기열이 가득 찼습니다',
      fix: 'CPU를 많이 쓰는 작업을 한꺼번에 덜 보내거나, 남는 코어가 있으면 `workers`를 늘리십시오.',
    },
  },
  WORKER_DIED: {
    kind: 'internal',
    en: {
      title: 'A worker of the pool ended in the middle of a task',
      fix: 'See the cause; typical ones are running out of memory, `process.exit` and an error outside of the task.',
    },
    ko: {
      title: '풀의 워커가 작업 도중에 끝났습니다',
      fix: '원인을 확인하십시오. 흔한 원인은 메모리 부족, `process.exit`, 작업 밖에서 난 오류입니다.',
    },
  },
  TASK_FAILED: {
    kind: 'internal',
    en: {
      title: 'A task threw an error in a worker of the pool',
      fix: 'The message and details tell what was thrown and where.',
    },
    ko: {
      title: '풀의 워커에서 작업이 오류를 던졌습니다',
      fix: '메시지와 세부 정보에 무엇이 어디서 던져졌는지 나옵니다.',
    },
  },
  OPTION_INVALID: {
    kind: 'internal',
    en: { title: 'An option of a layer makes no sense', fix: 'Correct the option that the message names.' },
    ko: { title: '레이어 옵션의 값이 올바르지 않습니다', fix: '메시지에 나온 옵션을 고치십시오.' },
  },
});
