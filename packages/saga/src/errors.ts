import { errorCatalogue } from '@dure/core';

/** What can go wrong with sagas. A refused or timed-out step is no error: the saga takes its steps back. */
export const sagaErrors = errorCatalogue('SAGA', {
  DEFINITION_INVALID: {
    kind: 'internal',
    en: { title: 'A saga is defined wrongly', fix: 'Correct what the message names in the definition.' },
    ko: { title: '사가 정의가 올바르지 않습니다', fix: '메시지에 나온 부분을 정의에서 고치십시오.' },
  },
  INPUT_INVALID: {
    kind: 'internal',
    en: {
      title: 'A saga was started with an input that does not fit',
      fix: 'Hand over what its `input` schema describes; the fields are in the message.',
    },
    ko: {
      title: '사가의 입력이 스키마와 맞지 않습니다',
      fix: '`input` 스키마에 맞는 값을 넘기십시오. 해당 필드는 메시지에 있습니다.',
    },
  },
  COMMAND_INVALID: {
    kind: 'internal',
    en: {
      title: 'A step built a command that does not fit its contract',
      fix: 'Correct the function given to `send` for that step.',
    },
    ko: {
      title: '단계가 만든 명령이 계약과 맞지 않습니다',
      fix: '해당 단계의 `send`에 넘긴 함수를 고치십시오.',
    },
  },
  DECISION_INVALID: {
    kind: 'internal',
    en: {
      title: 'A process manager has decided what makes no sense',
      fix: 'Correct `decide`; what it could not decide upon is tried again by `dure sagas retry`.',
    },
    ko: {
      title: '프로세스 매니저의 결정이 올바르지 않습니다',
      fix: '`decide`를 고치십시오. 결정하지 못한 일은 `dure sagas retry`로 다시 시도합니다.',
    },
  },
  ALREADY_RUNNING: {
    kind: 'conflict',
    en: {
      title: 'An unfinished saga has the same key',
      fix: 'Wait until it has ended, or give the new one a key of its own.',
    },
    ko: {
      title: '같은 키의 사가가 아직 끝나지 않았습니다',
      fix: '그 사가가 끝나기를 기다리거나 새 사가에 다른 키를 쓰십시오.',
    },
  },
  UNLISTED: {
    kind: 'internal',
    en: {
      title: 'A saga was started that its service does not list',
      fix: 'Add it to `sagas` in the service definition, so that somebody takes its replies.',
    },
    ko: {
      title: '서비스에 등록되지 않은 사가를 시작했습니다',
      fix: '서비스 정의의 `sagas`에 추가하십시오. 그래야 응답을 받을 곳이 있습니다.',
    },
  },
  DEFINITION_MISSING: {
    kind: 'unavailable',
    en: {
      title: 'Unfinished sagas have no definition in this release',
      fix: 'Keep the old version of the definition listed under `sagas` until its instances have ended.',
    },
    ko: {
      title: '끝나지 않은 사가의 정의가 이 릴리스에 없습니다',
      fix: '해당 인스턴스가 모두 끝날 때까지 예전 버전의 정의를 `sagas`에 남겨 두십시오.',
    },
  },
  NOT_FOUND: {
    kind: 'missing',
    en: {
      title: 'There is no such saga, or it ended and was forgotten',
      fix: 'Compare the id with the list of sagas. What ended is kept for as long as `dure.sagas` of the configuration or `keepFinishedMs` of its definition says, or else for 90 days.',
    },
    ko: {
      title: '그런 사가가 없거나, 끝난 뒤 보관 기간이 지나 지워졌습니다',
      fix: '사가 목록에서 ID를 확인하십시오. 끝난 사가는 설정의 `dure.sagas`나 정의의 `keepFinishedMs`에 지정한 동안, 지정하지 않으면 90일 동안 보관합니다.',
    },
  },
  ACTION_REFUSED: {
    kind: 'conflict',
    en: {
      title: 'The saga is not in a state in which this can be done to it',
      fix: 'Look at its state and its steps; the message says what stands in the way.',
    },
    ko: {
      title: '사가의 현재 상태에서는 할 수 없는 조치입니다',
      fix: '사가의 상태와 단계를 확인하십시오. 무엇이 문제인지는 메시지에 있습니다.',
    },
  },
  EVENT_UNREADABLE: {
    kind: 'internal',
    en: {
      title: 'An event that sagas wait for does not fit its schema',
      fix: 'Compare the event as its service emits it with the one that the saga’s `wait` names.',
    },
    ko: {
      title: '사가가 기다리는 이벤트가 스키마와 맞지 않습니다',
      fix: '이벤트를 내보내는 서비스의 정의와 사가의 `wait`에 쓴 이벤트를 비교하십시오.',
    },
  },
});
