import { errorCatalogue } from '@dure/core';

/**
 * What goes wrong when JSON becomes a call of gRPC: the codes of google.rpc.Code as problems, and what cannot be
 * translated. Beside `errors.ts` because the names are not ours.
 */
export const grpcErrors = errorCatalogue('GRPC', {
  CANCELLED: {
    kind: 'cancelled',
    en: { title: 'The service cancelled the call', fix: 'Look before you repeat: part of the work may be done.' },
    ko: {
      title: '서비스가 호출을 취소했습니다',
      fix: '작업이 일부 처리되었을 수 있으니 결과를 확인한 뒤 다시 시도하십시오.',
    },
  },
  INVALID_ARGUMENT: {
    kind: 'invalid',
    en: { title: 'The service does not take these values', fix: 'Correct what the message or `errors` names.' },
    ko: { title: '서비스가 받지 않는 값입니다', fix: '메시지나 `errors`에 나온 값을 고치십시오.' },
  },
  DEADLINE_EXCEEDED: {
    kind: 'timeout',
    retryable: true,
    en: {
      title: 'The service did not finish in time',
      fix: 'It may still do the work: look before you repeat, or repeat with the same `Idempotency-Key`.',
    },
    ko: {
      title: '서비스가 제때 끝내지 못했습니다',
      fix: '작업이 계속되고 있을 수 있습니다. 결과를 확인한 뒤, 또는 같은 `Idempotency-Key`로 다시 시도하십시오.',
    },
  },
  NOT_FOUND: {
    kind: 'missing',
    en: { title: 'The service does not know what was asked for', fix: 'Correct the id or name in the request.' },
    ko: { title: '서비스에 요청한 대상이 없습니다', fix: '요청의 ID나 이름을 고치십시오.' },
  },
  ALREADY_EXISTS: {
    kind: 'conflict',
    en: { title: 'What was to be made is there already', fix: 'Read it, or use another id or name.' },
    ko: { title: '만들려는 대상이 이미 있습니다', fix: '있는 것을 조회하거나 다른 ID나 이름을 쓰십시오.' },
  },
  PERMISSION_DENIED: {
    kind: 'forbidden',
    en: {
      title: 'The service does not allow this caller to do that',
      fix: 'Ask for the right that the message names.',
    },
    ko: { title: '서비스가 이 호출자에게 허용하지 않는 일입니다', fix: '메시지에 나온 권한을 요청하십시오.' },
  },
  RESOURCE_EXHAUSTED: {
    kind: 'limited',
    retryable: true,
    en: { title: 'A quota at the service is used up', fix: 'Retry after the time in `Retry-After`.' },
    ko: { title: '서비스의 할당량을 다 썼습니다', fix: '`Retry-After`에 나온 시간이 지난 뒤 다시 시도하십시오.' },
  },
  FAILED_PRECONDITION: {
    kind: 'invalid',
    en: {
      title: 'The service is not in the state that the request needs',
      fix: 'Bring about what the message names, then send the request again.',
    },
    ko: {
      title: '서비스가 이 요청을 처리할 상태가 아닙니다',
      fix: '메시지에 나온 조건을 갖춘 뒤 다시 보내십시오.',
    },
  },
  ABORTED: {
    kind: 'conflict',
    en: {
      title: 'Something else changed the same thing meanwhile',
      fix: 'Read it again and repeat the whole change, not the last request only.',
    },
    ko: {
      title: '그사이 다른 요청이 같은 대상을 바꾸었습니다',
      fix: '다시 조회한 뒤 마지막 요청만이 아니라 변경 전체를 다시 하십시오.',
    },
  },
  OUT_OF_RANGE: {
    kind: 'invalid',
    en: { title: 'The request goes beyond what there is', fix: 'Ask for less, or for another part.' },
    ko: { title: '요청이 유효한 범위를 벗어났습니다', fix: '더 적게 요청하거나 다른 구간을 요청하십시오.' },
  },
  UNIMPLEMENTED: {
    kind: 'upstream',
    en: {
      title: 'The service does not have the operation',
      fix: 'The operator deploys a service that has the method, or corrects `grpc` in the contract.',
    },
    ko: {
      title: '서비스에 해당 오퍼레이션이 없습니다',
      fix: '운영자는 메서드가 있는 서비스를 배포하거나 계약의 `grpc`를 고치십시오.',
    },
  },
  UNAVAILABLE: {
    kind: 'unavailable',
    retryable: true,
    en: { title: 'The service is not available at the moment', fix: 'Retry after the time in `Retry-After`.' },
    ko: { title: '지금은 서비스를 이용할 수 없습니다', fix: '`Retry-After`에 나온 시간이 지난 뒤 다시 시도하십시오.' },
  },
  UNAUTHENTICATED: {
    kind: 'unauthenticated',
    en: { title: 'The service does not know who asks', fix: 'Sign in again, or send valid credentials.' },
    ko: { title: '서비스가 호출자를 확인하지 못했습니다', fix: '다시 로그인하거나 유효한 자격 증명을 보내십시오.' },
  },
  FAILED: {
    kind: 'internal',
    en: {
      title: 'The service failed (UNKNOWN, INTERNAL or DATA_LOSS)',
      fix: 'Look at the log of the gateway, which holds the message, and at that of the service.',
    },
    ko: {
      title: '서비스에서 오류가 났습니다(UNKNOWN, INTERNAL, DATA_LOSS)',
      fix: '게이트웨이 로그에 남은 메시지와 서비스의 로그를 확인하십시오.',
    },
  },
  MESSAGE_INVALID: {
    kind: 'invalid',
    en: {
      title: 'The request does not fit the message that the service takes',
      fix: 'Correct the field that the message names; see ProtoJSON for how each type is written.',
    },
    ko: {
      title: '요청이 서비스가 받는 메시지와 맞지 않습니다',
      fix: '메시지에 나온 필드를 고치십시오. 타입별 표기는 ProtoJSON을 참고하십시오.',
    },
  },
  ANSWER_INVALID: {
    kind: 'upstream',
    en: {
      title: 'The service answered what cannot be read as an answer of gRPC, or what the contract does not say',
      fix: 'Report it with the trace id; the operator finds in the log what did not fit.',
    },
    ko: {
      title: '서비스의 응답을 gRPC 응답으로 읽을 수 없거나 계약과 맞지 않습니다',
      fix: '트레이스 ID와 함께 알려 주십시오. 운영자는 로그에서 무엇이 맞지 않는지 확인할 수 있습니다.',
    },
  },
});
