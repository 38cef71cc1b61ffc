import { errorCatalogue } from '@dure/core';

/** What gateway and router refuse, and what can go wrong behind them. Messages never name a host, a port or a version. */
export const gatewayErrors = errorCatalogue('GATEWAY', {
  MALFORMED: {
    kind: 'invalid',
    en: { title: 'The request is not well-formed HTTP', fix: 'Correct what the message names; see RFC 9112.' },
    ko: { title: '올바른 HTTP 요청이 아닙니다', fix: '메시지에 나온 부분을 고치십시오. RFC 9112를 참고하십시오.' },
  },
  TARGET_INVALID: {
    kind: 'invalid',
    en: {
      title: 'The request target is ambiguous',
      fix: 'Send the plain path: no dot segments, no empty segments, no encoded slashes, valid percent-encoding.',
    },
    ko: {
      title: '요청 경로의 뜻이 분명하지 않습니다',
      fix: '점 세그먼트, 빈 세그먼트, 인코딩된 슬래시 없이 올바르게 퍼센트 인코딩한 경로를 보내십시오.',
    },
  },
  TARGET_TOO_LONG: {
    kind: 'invalid',
    en: { title: 'The request target is too long', fix: 'Shorten the query, or send it in a body.' },
    ko: { title: '요청 경로가 너무 깁니다', fix: '쿼리를 줄이거나 본문으로 보내십시오.' },
  },
  HEADERS_TOO_LARGE: {
    kind: 'invalid',
    en: {
      title: 'The request headers are too large',
      fix: 'Send fewer or shorter headers; old cookies are the usual cause.',
    },
    ko: { title: '요청 헤더가 너무 큽니다', fix: '헤더를 줄이십시오. 오래된 쿠키가 원인인 경우가 많습니다.' },
  },
  BODY_TOO_LARGE: {
    kind: 'too-large',
    en: { title: 'The request body is too large', fix: 'Send less than the limit that the message names.' },
    ko: { title: '요청 본문이 너무 큽니다', fix: '메시지에 나온 한도보다 작게 보내십시오.' },
  },
  BODY_UNEXPECTED: {
    kind: 'invalid',
    en: { title: 'A read has no body', fix: 'Put the parameters into the query.' },
    ko: { title: '조회 요청에는 본문이 없습니다', fix: '매개변수를 쿼리로 보내십시오.' },
  },
  REQUEST_TIMEOUT: {
    kind: 'invalid',
    en: { title: 'The request did not arrive in time', fix: 'Send it again without pauses.' },
    ko: { title: '요청이 제때 다 도착하지 않았습니다', fix: '끊김 없이 다시 보내십시오.' },
  },
  TRANSFER_CODING: {
    kind: 'invalid',
    en: { title: 'The transfer coding is not supported', fix: 'Use `Transfer-Encoding: chunked` or `Content-Length`.' },
    ko: { title: '지원하지 않는 전송 코딩입니다', fix: '`Transfer-Encoding: chunked`나 `Content-Length`를 쓰십시오.' },
  },
  VERSION: {
    kind: 'invalid',
    en: { title: 'The HTTP version is not supported', fix: 'Use HTTP/1.1.' },
    ko: { title: '지원하지 않는 HTTP 버전입니다', fix: 'HTTP/1.1을 쓰십시오.' },
  },
  NOT_FOUND: {
    kind: 'missing',
    en: { title: 'There is nothing at this address', fix: 'Compare the path with /openapi.json.' },
    ko: { title: '이 주소에는 아무것도 없습니다', fix: '/openapi.json의 경로와 비교하십시오.' },
  },
  SERVICE_UNKNOWN: {
    kind: 'missing',
    en: {
      title: 'The router knows no such service',
      fix: 'Begin the path with one of the names in the message; `dure status` shows what runs.',
    },
    ko: {
      title: '라우터가 모르는 서비스입니다',
      fix: '메시지에 나온 이름 중 하나로 경로를 시작하십시오. 실행 중인 서비스는 `dure status`로 확인할 수 있습니다.',
    },
  },
  NOT_LOCAL: {
    kind: 'forbidden',
    en: {
      title: 'The router serves programs on its own machine only',
      fix: 'Call http://127.0.0.1 or http://localhost from a program; let browsers and other machines use the gateway.',
    },
    ko: {
      title: '라우터는 같은 머신의 프로그램만 쓸 수 있습니다',
      fix: '프로그램에서 http://127.0.0.1이나 http://localhost로 호출하십시오. 브라우저와 다른 머신은 게이트웨이를 쓰십시오.',
    },
  },
  METHOD_NOT_ALLOWED: {
    kind: 'method',
    en: { title: 'This address does not take that method', fix: 'Use one of the methods in the `Allow` header.' },
    ko: { title: '이 주소는 해당 메서드를 받지 않습니다', fix: '`Allow` 헤더의 메서드를 쓰십시오.' },
  },
  CROSS_SITE: {
    kind: 'forbidden',
    en: {
      title: 'The request comes from another site',
      fix: 'Send it from a page of this origin, or authenticate with `Authorization: Bearer` instead of the cookie.',
    },
    ko: {
      title: '다른 사이트에서 온 요청입니다',
      fix: '같은 출처의 페이지에서 보내거나, 쿠키 대신 `Authorization: Bearer`로 인증하십시오.',
    },
  },
  NOT_CACHED: {
    kind: 'missing',
    en: {
      title: 'There is no stored answer',
      fix: 'Ask without `Cache-Control: only-if-cached`, and the service answers.',
    },
    ko: {
      title: '저장된 응답이 없습니다',
      fix: '`Cache-Control: only-if-cached` 없이 요청하면 서비스가 응답합니다.',
    },
  },
  NO_INSTANCE: {
    kind: 'unavailable',
    retryable: true,
    en: { title: 'The service is not available at the moment', fix: 'Retry after the time in `Retry-After`.' },
    ko: { title: '지금은 서비스를 이용할 수 없습니다', fix: '`Retry-After`에 나온 시간이 지난 뒤 다시 시도하십시오.' },
  },
  BREAKER_OPEN: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'The service has failed too often lately and rests for a moment',
      fix: 'Retry after the time in `Retry-After`; the operator sees `/actuator/circuitbreakers` of the gateway.',
    },
    ko: {
      title: '서비스가 최근 자주 실패하여 잠시 요청을 보내지 않습니다',
      fix: '`Retry-After`에 나온 시간이 지난 뒤 다시 시도하십시오. 운영자는 게이트웨이의 `/actuator/circuitbreakers`를 확인하십시오.',
    },
  },
  OVERLOADED: {
    kind: 'unavailable',
    retryable: true,
    en: { title: 'The service has too much to do', fix: 'Retry after the time in `Retry-After`.' },
    ko: { title: '서비스에 요청이 몰려 있습니다', fix: '`Retry-After`에 나온 시간이 지난 뒤 다시 시도하십시오.' },
  },
  CONNECT_FAILED: {
    kind: 'upstream',
    retryable: true,
    en: { title: 'The service could not be reached', fix: 'Retry after a moment; the operator sees `dure status`.' },
    ko: {
      title: '서비스에 연결할 수 없습니다',
      fix: '잠시 뒤 다시 시도하십시오. 운영자는 `dure status`를 확인하십시오.',
    },
  },
  TLS_FAILED: {
    kind: 'upstream',
    retryable: true,
    en: {
      title: 'A secure connection to the service could not be made',
      fix: 'The operator reads in the log or with `dure explain` what was refused, and states in `upstreamTls` whom to trust.',
    },
    ko: {
      title: '서비스와 보안 연결을 맺을 수 없습니다',
      fix: '운영자는 로그나 `dure explain`에서 무엇이 거부되었는지 확인하고, 신뢰할 대상을 `upstreamTls`에 적으십시오.',
    },
  },
  UPSTREAM_CLOSED: {
    kind: 'upstream',
    en: {
      title: 'The service hung up before it answered',
      fix: 'It may have done the work: look before you repeat, or repeat with the same `Idempotency-Key`.',
    },
    ko: {
      title: '서비스가 응답하기 전에 연결을 끊었습니다',
      fix: '작업이 이미 처리되었을 수 있습니다. 결과를 확인한 뒤, 또는 같은 `Idempotency-Key`로 다시 시도하십시오.',
    },
  },
  UPSTREAM_INVALID: {
    kind: 'upstream',
    en: { title: 'The service answered what is not HTTP', fix: 'Report it with the trace id.' },
    ko: { title: '서비스의 응답이 올바른 HTTP가 아닙니다', fix: '트레이스 ID와 함께 알려 주십시오.' },
  },
  UPSTREAM_TIMEOUT: {
    kind: 'timeout',
    retryable: true,
    en: {
      title: 'The service did not answer in time',
      fix: 'It may still do the work: look before you repeat, or repeat with the same `Idempotency-Key`.',
    },
    ko: {
      title: '서비스가 제때 응답하지 않았습니다',
      fix: '작업이 계속되고 있을 수 있습니다. 결과를 확인한 뒤, 또는 같은 `Idempotency-Key`로 다시 시도하십시오.',
    },
  },
  RATE_LIMITED: {
    kind: 'limited',
    retryable: true,
    en: {
      title: 'There were more requests than the rate limit allows',
      fix: 'Wait for the time in `Retry-After`; `RateLimit` tells on every answer how much is left.',
    },
    ko: {
      title: '속도 제한을 넘는 요청입니다',
      fix: '`Retry-After`에 나온 시간만큼 기다리십시오. 남은 양은 모든 응답의 `RateLimit`에 나옵니다.',
    },
  },
  TOO_MANY_UNDERWAY: {
    kind: 'limited',
    retryable: true,
    en: {
      title: 'One client has too many requests under way',
      fix: 'Wait for answers before you send more requests; the operator can raise `maxRequestsPerClient`.',
    },
    ko: {
      title: '한 클라이언트가 동시에 보낸 요청이 너무 많습니다',
      fix: '응답을 받은 뒤에 다음 요청을 보내십시오. 운영자는 `maxRequestsPerClient`를 늘릴 수 있습니다.',
    },
  },
  RATE_KEY_MISSING: {
    kind: 'forbidden',
    en: {
      title: 'The request lacks what its rate limit is counted by',
      fix: 'Sign in, or send the header field that the message names.',
    },
    ko: {
      title: '속도 제한의 기준이 되는 값이 요청에 없습니다',
      fix: '로그인하거나, 메시지에 나온 헤더 필드를 보내십시오.',
    },
  },
  LIMITS_UNKNOWN: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'It cannot be told at the moment whether the rate limit allows the request',
      fix: 'Retry after the time in `Retry-After`; the operator finds the store of the rate limits in the log.',
    },
    ko: {
      title: '지금은 속도 제한을 확인할 수 없습니다',
      fix: '`Retry-After`에 나온 시간이 지난 뒤 다시 시도하십시오. 운영자는 로그에서 속도 제한 저장소의 상태를 확인하십시오.',
    },
  },
  REDUCED_CAPACITY: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'The gateway has too much to do and turns some requests away',
      fix: 'Retry after the time in `Retry-After`; the operator adds instances of the gateway.',
    },
    ko: {
      title: '게이트웨이에 요청이 몰려 일부를 거절합니다',
      fix: '`Retry-After`에 나온 시간이 지난 뒤 다시 시도하십시오. 운영자는 게이트웨이 인스턴스를 늘리십시오.',
    },
  },
  ORIGIN_REFUSED: {
    kind: 'forbidden',
    en: {
      title: 'Pages of that origin may not use this address so',
      fix: 'Allow the origin, the method and the header fields in the `cors` settings of the route, if they are meant to be.',
    },
    ko: {
      title: '해당 출처의 페이지는 이 주소를 이렇게 쓸 수 없습니다',
      fix: '의도한 호출이라면 라우트의 `cors` 설정에서 출처, 메서드, 헤더 필드를 허용하십시오.',
    },
  },
  API_KEY_UNKNOWN: {
    kind: 'unauthenticated',
    en: {
      title: 'The API key is not known here, or has ended',
      fix: 'Send a key that is valid; whoever runs the gateway gives out new ones.',
    },
    ko: {
      title: '알 수 없거나 만료된 API 키입니다',
      fix: '유효한 키를 보내십시오. 새 키는 게이트웨이 운영자가 발급합니다.',
    },
  },
  FAULT_INJECTED: {
    kind: 'unavailable',
    en: {
      title: 'An injected fault answers instead of the service',
      fix: 'Nothing is broken: a test of how callers bear failures is under way; `dure-fault` names it.',
    },
    ko: {
      title: '주입된 장애가 서비스 대신 응답했습니다',
      fix: '실제 고장이 아닙니다. 호출하는 쪽의 장애 대응을 시험하는 중이며, `dure-fault`에 그 내용이 나옵니다.',
    },
  },
  PROTECTION_INVALID: {
    kind: 'internal',
    en: {
      title: 'A setting of what protects a route makes no sense',
      fix: 'Correct the setting that the message names.',
    },
    ko: { title: '라우트를 보호하는 설정이 올바르지 않습니다', fix: '메시지에 나온 설정을 고치십시오.' },
  },
  SIGN_IN_ANSWER: {
    kind: 'upstream',
    en: {
      title: 'The sign-in operation did not answer with a token',
      fix: 'Let the operation named in the session settings answer JSON with a `token`.',
    },
    ko: {
      title: '로그인 오퍼레이션이 토큰을 돌려주지 않았습니다',
      fix: '세션 설정에 지정한 오퍼레이션이 `token`이 있는 JSON을 돌려주게 하십시오.',
    },
  },
  LOOP: {
    kind: 'upstream',
    en: {
      title: 'The request runs in a circle',
      fix: 'Find the service or proxy that sends requests back to the gateway; `Via` names whom they come by.',
    },
    ko: {
      title: '요청이 제자리를 돕니다',
      fix: '요청을 게이트웨이로 되돌려 보내는 서비스나 프록시를 찾으십시오. `Via`에 거쳐 온 곳이 나옵니다.',
    },
  },
  PROTOCOL_INVALID: {
    kind: 'internal',
    en: {
      title: 'A protocol setting makes no sense',
      fix: 'Correct the setting that the message names; see the README of @dure/proxy.',
    },
    ko: {
      title: '프로토콜 설정이 올바르지 않습니다',
      fix: '메시지에 나온 설정을 고치십시오. @dure/proxy의 README를 참고하십시오.',
    },
  },
  ROUTE_CONFLICT: {
    kind: 'internal',
    en: {
      title: 'Two exposed operations have the same address',
      fix: 'Change the path of one of them, or expose only one: `contract.only(…)`.',
    },
    ko: {
      title: '공개된 오퍼레이션 두 개의 주소가 같습니다',
      fix: '둘 중 하나의 경로를 바꾸거나 `contract.only(…)`로 하나만 공개하십시오.',
    },
  },
  ROUTE_INVALID: {
    kind: 'internal',
    en: {
      title: 'A route of the gateway cannot be used',
      fix: 'Correct what the message names at its source; until then the gateway keeps its last good routes.',
    },
    ko: {
      title: '게이트웨이의 라우트를 쓸 수 없습니다',
      fix: '메시지에 나온 위치에서 해당 부분을 고치십시오. 그때까지 게이트웨이는 마지막으로 정상이던 라우트를 씁니다.',
    },
  },
  PATTERN_EXHAUSTED: {
    kind: 'invalid',
    en: {
      title: 'The request is too long for a pattern of its route',
      fix: 'Shorten the path, query or header field; the operator can simplify the regular expression of the route.',
    },
    ko: {
      title: '요청이 라우트의 패턴에 비해 너무 깁니다',
      fix: '경로, 쿼리, 헤더 필드를 줄이십시오. 운영자는 라우트의 정규식을 단순하게 고칠 수 있습니다.',
    },
  },
  SESSION_INVALID: {
    kind: 'internal',
    en: {
      title: 'The session settings do not fit the contract',
      fix: 'Name an operation of the issuer that signs in.',
    },
    ko: { title: '세션 설정이 계약과 맞지 않습니다', fix: '발급 서비스의 로그인 오퍼레이션 이름을 지정하십시오.' },
  },
  ISSUERS_INVALID: {
    kind: 'internal',
    en: {
      title: 'The identity providers of the edge do not fit together',
      fix: "List each issuer once, under a name of its own, and leave out `identity: 'pass'`.",
    },
    ko: {
      title: '엣지의 인증 서버 설정이 서로 맞지 않습니다',
      fix: "발급자를 한 번씩 서로 다른 이름으로 적고 `identity: 'pass'`를 빼십시오.",
    },
  },
  STOREFRONT_MISSING: {
    kind: 'internal',
    en: {
      title: 'The storefront folder cannot be served',
      fix: 'Build the storefront, or correct the folder; it must hold an index.html.',
    },
    ko: {
      title: '스토어프런트 폴더를 제공할 수 없습니다',
      fix: '스토어프런트를 빌드하거나 폴더를 바로잡으십시오. index.html이 있어야 합니다.',
    },
  },
});
