import { errorCatalogue } from '@dure/core';

/** What can go wrong between a client and a server. */
export const serviceErrors = errorCatalogue('SERVICE', {
  CONTRACT_INVALID: {
    kind: 'internal',
    en: { title: 'A contract contradicts itself', fix: 'Correct the operation that the message names.' },
    ko: { title: '계약에 모순이 있습니다', fix: '메시지가 가리키는 오퍼레이션을 고치십시오.' },
  },
  ACCESS_INVALID: {
    kind: 'internal',
    en: {
      title: 'An operation or a route does not say clearly who may call it',
      fix: 'Give it an `access`: `public` if everybody may, else who or what it demands.',
    },
    ko: {
      title: '오퍼레이션이나 라우트를 누가 호출할 수 있는지 분명하지 않습니다',
      fix: '`access`를 지정하십시오. 누구나 호출할 수 있으면 `public`, 아니면 필요한 사용자나 권한을 적으십시오.',
    },
  },
  EVENT_UNLISTED: {
    kind: 'internal',
    en: {
      title: 'A reaction emits an event that it does not list',
      fix: 'Add the event to the `emits` of the reaction, so that the flow can be drawn and checked.',
    },
    ko: {
      title: '리액션이 목록에 없는 이벤트를 내보냅니다',
      fix: '리액션의 `emits`에 그 이벤트를 추가하십시오. 그래야 흐름을 그리고 검사할 수 있습니다.',
    },
  },
  REACTION_NAME_TAKEN: {
    kind: 'internal',
    en: {
      title: 'Two reactions of a service have the same name',
      fix: "Name one of them: `on(event, run, { name: 'mail.customer' })`. What a reaction calls is known by its name, and would be done once only.",
    },
    ko: {
      title: '한 서비스의 두 리액션이 같은 이름을 씁니다',
      fix: "하나에 이름을 지정하십시오: `on(event, run, { name: 'mail.customer' })`. 리액션이 호출하는 일은 그 이름으로 구분하므로, 이름이 같으면 한 번만 수행됩니다.",
    },
  },
  INPUT_INVALID: {
    kind: 'invalid',
    en: { title: 'The request does not fit the contract', fix: 'Correct the fields listed under `errors`.' },
    ko: { title: '요청이 계약과 맞지 않습니다', fix: '`errors`에 나열된 필드를 고치십시오.' },
  },
  MALFORMED: {
    kind: 'invalid',
    en: { title: 'The request is not well-formed HTTP', fix: 'Correct what the message names; see RFC 9112.' },
    ko: { title: '올바른 HTTP 요청이 아닙니다', fix: '메시지에 나온 부분을 고치십시오. RFC 9112를 참고하십시오.' },
  },
  BODY_MALFORMED: {
    kind: 'invalid',
    en: { title: 'The request body is not valid JSON', fix: 'Send one JSON value in UTF-8.' },
    ko: { title: '요청 본문이 올바른 JSON이 아닙니다', fix: 'UTF-8로 된 JSON 값 하나를 보내십시오.' },
  },
  BODY_TOO_LARGE: {
    kind: 'too-large',
    en: { title: 'The request body is too large', fix: 'Send less, or raise the limit that the message names.' },
    ko: { title: '요청 본문이 너무 큽니다', fix: '더 작게 보내거나 메시지에 나온 한도를 올리십시오.' },
  },
  BODY_BROKEN: {
    kind: 'invalid',
    en: {
      title: 'The bytes that were being sent broke off',
      fix: 'Look at the cause: the file or stream that was sent, or the connection it came by; then send it again from the start.',
    },
    ko: {
      title: '보내던 바이트가 중간에 끊겼습니다',
      fix: '원인(보내던 파일이나 스트림, 또는 연결)을 확인한 뒤 처음부터 다시 보내십시오.',
    },
  },
  MEDIA_TYPE: {
    kind: 'media-type',
    en: {
      title: 'The request has the wrong media type',
      fix: 'Send `Content-Type: application/json`, or one of the types that the message names.',
    },
    ko: {
      title: '요청의 미디어 타입이 잘못되었습니다',
      fix: '`Content-Type: application/json`이나 메시지에 나온 타입 가운데 하나로 보내십시오.',
    },
  },
  OUTPUT_INVALID: {
    kind: 'internal',
    en: {
      title: 'A service answered what its contract does not allow',
      fix: 'Correct the handler or the contract; the fields are listed under `errors` in the log.',
    },
    ko: {
      title: '서비스의 응답이 계약과 맞지 않습니다',
      fix: '핸들러나 계약을 고치십시오. 해당 필드는 로그의 `errors`에 있습니다.',
    },
  },
  TOKEN_MISSING: {
    kind: 'unauthenticated',
    en: { title: 'Nobody is signed in', fix: 'Sign in and send `Authorization: Bearer <token>`.' },
    ko: { title: '로그인되어 있지 않습니다', fix: '로그인한 뒤 `Authorization: Bearer <토큰>`을 보내십시오.' },
  },
  TOKEN_INVALID: {
    kind: 'unauthenticated',
    en: { title: 'The token is not valid', fix: 'Sign in again.' },
    ko: { title: '토큰이 올바르지 않습니다', fix: '다시 로그인하십시오.' },
  },
  FORBIDDEN: {
    kind: 'forbidden',
    en: { title: 'The caller may not do this', fix: 'Ask for the role or scope that the operation requires.' },
    ko: { title: '이 작업을 할 권한이 없습니다', fix: '오퍼레이션이 요구하는 역할이나 스코프를 요청하십시오.' },
  },
  NOT_FOUND: {
    kind: 'missing',
    en: { title: 'There is nothing at this address', fix: 'Compare the path with /openapi.json.' },
    ko: { title: '이 주소에는 아무것도 없습니다', fix: '/openapi.json의 경로와 비교하십시오.' },
  },
  METHOD_NOT_ALLOWED: {
    kind: 'method',
    en: { title: 'This address does not take that method', fix: 'Use one of the methods in the `Allow` header.' },
    ko: { title: '이 주소는 해당 메서드를 받지 않습니다', fix: '`Allow` 헤더의 메서드를 쓰십시오.' },
  },
  IDEMPOTENCY_KEY_MISSING: {
    kind: 'invalid',
    en: {
      title: 'The request needs an Idempotency-Key',
      fix: 'Send an `Idempotency-Key` header with a fresh UUID, the same one on every retry.',
    },
    ko: {
      title: 'Idempotency-Key가 필요합니다',
      fix: '새 UUID를 `Idempotency-Key` 헤더로 보내고, 재시도할 때는 같은 값을 쓰십시오.',
    },
  },
  IDEMPOTENCY_KEY_REUSED: {
    kind: 'unprocessable',
    en: {
      title: 'The Idempotency-Key was used for another request',
      fix: 'Use a fresh key for a new request and the old key only for the very same one.',
    },
    ko: {
      title: 'Idempotency-Key가 다른 요청에 이미 쓰였습니다',
      fix: '새 요청에는 새 키를, 같은 요청의 재시도에만 이전 키를 쓰십시오.',
    },
  },
  NO_INSTANCE: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'No instance of the service is up',
      fix: 'See `dure status` and `dure logs <service>`; retry after a moment.',
    },
    ko: {
      title: '살아 있는 인스턴스가 없습니다',
      fix: '`dure status`와 `dure logs <서비스>`를 확인하고 잠시 뒤 다시 시도하십시오.',
    },
  },
  CONNECT_FAILED: {
    kind: 'upstream',
    retryable: true,
    en: {
      title: 'The instance could not be reached',
      fix: 'See `dure status`; a stopped instance disappears from the list within a second.',
    },
    ko: {
      title: '인스턴스에 연결할 수 없습니다',
      fix: '`dure status`를 확인하십시오. 멈춘 인스턴스는 1초 안에 목록에서 사라집니다.',
    },
  },
  RESPONSE_INVALID: {
    kind: 'upstream',
    en: {
      title: 'The answer could not be understood',
      fix: 'Check that caller and service use the same contract version.',
    },
    ko: { title: '응답을 해석할 수 없습니다', fix: '호출하는 쪽과 서비스가 같은 버전의 계약을 쓰는지 확인하십시오.' },
  },
  REMOTE: {
    kind: 'upstream',
    en: { title: 'The service answered with an error', fix: 'The cause is in its log under the same trace id.' },
    ko: { title: '서비스가 오류로 응답했습니다', fix: '원인은 같은 트레이스 ID의 로그에 있습니다.' },
  },
  TOO_LATE: {
    kind: 'timeout',
    en: {
      title: 'The deadline had passed when the call arrived',
      fix: 'Give the whole chain of calls more time, or find the slow step in the trace.',
    },
    ko: {
      title: '호출이 도착했을 때 이미 기한이 지났습니다',
      fix: '전체 호출 체인에 시간을 더 주거나 트레이스에서 느린 단계를 찾으십시오.',
    },
  },
  STOPPING: {
    kind: 'unavailable',
    retryable: true,
    en: { title: 'The instance is stopping', fix: 'Retry: another instance answers.' },
    ko: { title: '인스턴스가 종료 중입니다', fix: '다시 시도하면 다른 인스턴스가 응답합니다.' },
  },
  LISTEN_FAILED: {
    kind: 'unavailable',
    en: {
      title: 'A port could not be opened',
      fix: 'Stop the process that holds it, or choose another with `--port-base`.',
    },
    ko: {
      title: '포트를 열 수 없습니다',
      fix: '그 포트를 쓰는 프로세스를 멈추거나 `--port-base`로 다른 포트를 고르십시오.',
    },
  },
  NOT_MOCKED: {
    kind: 'missing',
    en: {
      title: 'A test calls an operation that it has not mocked',
      fix: 'Give the mock an answer for the operation that the message names.',
    },
    ko: {
      title: '테스트가 목(mock)에 없는 오퍼레이션을 호출했습니다',
      fix: '메시지에 나온 오퍼레이션의 응답을 목에 추가하십시오.',
    },
  },
  DOCUMENT_INEXPRESSIBLE: {
    kind: 'unprocessable',
    en: {
      title: 'An OpenAPI document says what a contract cannot express',
      fix: 'Leave out the operations that the pointers lead to (`--only`), or write those by hand.',
    },
    ko: {
      title: 'OpenAPI 문서에 계약으로 표현할 수 없는 내용이 있습니다',
      fix: '포인터가 가리키는 오퍼레이션을 빼거나(`--only`), 그 부분만 직접 작성하십시오.',
    },
  },
  COMPOSITION_INVALID: {
    kind: 'internal',
    en: { title: 'A composition contradicts itself', fix: 'Correct the part or the page that the message names.' },
    ko: { title: '조합에 모순이 있습니다', fix: '메시지가 가리키는 파트나 페이지를 고치십시오.' },
  },
  PART_FAILED: {
    kind: 'upstream',
    retryable: true,
    en: {
      title: 'A part of the page could not be had',
      fix: 'Retry after a moment; the cause is in the log of the service that composes it, under the same trace id.',
    },
    ko: {
      title: '페이지의 일부를 가져오지 못했습니다',
      fix: '잠시 뒤 다시 시도하십시오. 원인은 조합하는 서비스의 로그에 같은 트레이스 ID로 있습니다.',
    },
  },
  PART_UNAVAILABLE: {
    kind: 'unavailable',
    retryable: true,
    en: { title: 'A part of the page is not available', fix: 'Retry after the time that `Retry-After` says.' },
    ko: {
      title: '페이지의 일부를 지금 쓸 수 없습니다',
      fix: '`Retry-After`가 알려 주는 시간이 지난 뒤 다시 시도하십시오.',
    },
  },
  PART_TIMEOUT: {
    kind: 'timeout',
    retryable: true,
    en: {
      title: 'A part of the page did not come in time',
      fix: 'Retry; if it lasts, find the slow part in the trace and give it more time, or make it optional.',
    },
    ko: {
      title: '페이지의 일부가 제때 오지 않았습니다',
      fix: '다시 시도하십시오. 계속되면 트레이스에서 느린 파트를 찾아 시간을 더 주거나 선택 사항으로 만드십시오.',
    },
  },
  INTERNAL: {
    kind: 'internal',
    en: { title: 'The service failed', fix: 'The cause is in its log under the same trace id.' },
    ko: { title: '서비스 내부 오류입니다', fix: '원인은 같은 트레이스 ID의 로그에 있습니다.' },
  },
});
