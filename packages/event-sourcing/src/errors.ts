import { errorCatalogue } from '@dure/core';

/** What can go wrong with event-sourced state. A refused decision is no error. */
export const eventSourcingErrors = errorCatalogue('EVENT_SOURCING', {
  DEFINITION_INVALID: {
    kind: 'internal',
    en: {
      title: 'An aggregate or a projection is defined wrongly',
      fix: 'Correct what the message names in the definition.',
    },
    ko: {
      title: '애그리거트나 프로젝션 정의가 올바르지 않습니다',
      fix: '메시지에 나온 부분을 정의에서 고치십시오.',
    },
  },
  CONFLICT: {
    kind: 'conflict',
    retryable: true,
    en: {
      title: 'A stream has moved on since it was read',
      fix: 'Read the state again and decide anew; `details.version` is the present version.',
    },
    ko: {
      title: '읽은 뒤에 스트림이 변경되었습니다',
      fix: '상태를 다시 읽고 결정을 다시 내리십시오. 현재 버전은 `details.version`에 있습니다.',
    },
  },
  DATA_INVALID: {
    kind: 'internal',
    en: {
      title: 'A fact does not fit the contract of its event',
      fix: 'Correct the data, or the schema of the event; the fields are listed under `errors`.',
    },
    ko: {
      title: '사실의 데이터가 이벤트 계약과 맞지 않습니다',
      fix: '데이터나 이벤트의 스키마를 고치십시오. 해당 필드는 `errors`에 있습니다.',
    },
  },
  PROJECTION_NOT_READY: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'An inline projection is still being built',
      fix: 'Await `ready` of the projector before the service appends events; it is ready when the projection is.',
    },
    ko: {
      title: '인라인 프로젝션이 아직 구축되는 중입니다',
      fix: '이벤트를 추가하기 전에 프로젝터의 `ready`를 기다리십시오. 프로젝션이 준비되면 완료됩니다.',
    },
  },
  PROJECTION_SUPERSEDED: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'A newer release has replaced an inline projection',
      fix: 'Stop this process: it is of an older release and must not append any more. To go back, roll the projection back first.',
    },
    ko: {
      title: '새 릴리스가 인라인 프로젝션을 교체했습니다',
      fix: '이전 릴리스의 프로세스는 더 이상 이벤트를 추가할 수 없으므로 중지하십시오. 되돌리려면 프로젝션부터 롤백하십시오.',
    },
  },
  PROJECTION_GONE: {
    kind: 'missing',
    en: {
      title: 'There is no table to go back to',
      fix: 'The rollback window is over, or nothing was replaced: rebuild the projection instead (`POST /actuator/projections/<name>`).',
    },
    ko: {
      title: '되돌아갈 테이블이 없습니다',
      fix: '롤백 기간이 지났거나 교체된 적이 없습니다. 대신 프로젝션을 다시 구축하십시오(`POST /actuator/projections/<이름>`).',
    },
  },
  PROJECTION_UNKNOWN: {
    kind: 'missing',
    en: { title: 'The service has no such projection', fix: 'Compare the name with those in the message.' },
    ko: { title: '서비스에 그런 프로젝션이 없습니다', fix: '메시지에 나온 이름과 비교하십시오.' },
  },
  READ_STALE: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'A read model is behind what its reader has seen',
      fix: 'Ask again in a moment; when it stays so, see the projections at `/actuator/health` of the service.',
    },
    ko: {
      title: '읽기 모델이 호출자가 본 내용보다 뒤처져 있습니다',
      fix: '잠시 뒤에 다시 요청하십시오. 계속되면 서비스의 `/actuator/health`에서 프로젝션 상태를 확인하십시오.',
    },
  },
  KEY_MISSING: {
    kind: 'internal',
    en: {
      title: 'Personal data cannot be encrypted or read',
      fix: 'Give the database the key-encryption keys under which its subjects’ keys were wrapped: `dataKeys`.',
    },
    ko: {
      title: '개인정보를 암호화하거나 읽을 수 없습니다',
      fix: '주체별 키를 감싼 키 암호화 키를 데이터베이스의 `dataKeys`에 지정하십시오.',
    },
  },
  SUBJECT_FORGOTTEN: {
    kind: 'conflict',
    en: {
      title: 'Personal data of somebody who is forgotten was to be written',
      fix: 'Use a new subject: a key that was destroyed is not made again.',
    },
    ko: {
      title: '삭제 처리된 주체의 개인정보를 기록하려고 했습니다',
      fix: '새 주체를 사용하십시오. 폐기된 키는 다시 만들지 않습니다.',
    },
  },
  EVENT_UNKNOWN: {
    kind: 'internal',
    en: {
      title: 'A stream holds an event that its aggregate does not know',
      fix: 'Add an `.on` for the event, in the version that the message names or with an upcaster from it; events are never removed from code.',
    },
    ko: {
      title: '애그리거트가 모르는 이벤트가 스트림에 있습니다',
      fix: '해당 이벤트의 `.on`이나 메시지에 나온 버전의 업캐스터를 추가하십시오. 이벤트는 코드에서 지우지 않습니다.',
    },
  },
});
