import { errorCatalogue } from '@dure/core';

/** What can go wrong in the console. */
export const consoleErrors = errorCatalogue('CONSOLE', {
  SIGN_IN: {
    kind: 'unauthenticated',
    en: { title: 'The console needs a session', fix: 'Open the URL that `dure status` prints; it works once.' },
    ko: { title: '콘솔 세션이 필요합니다', fix: '`dure status`가 출력하는 URL을 여십시오. 한 번만 쓸 수 있습니다.' },
  },
  HOST: {
    kind: 'forbidden',
    en: {
      title: 'The console was reached by a name that is not its own',
      fix: 'Open it as http://127.0.0.1 or http://localhost with its port.',
    },
    ko: {
      title: '콘솔의 주소가 아닌 이름으로 접속했습니다',
      fix: 'http://127.0.0.1 또는 http://localhost와 포트로 여십시오.',
    },
  },
  ORIGIN: {
    kind: 'forbidden',
    en: {
      title: 'A change was asked for by a page that is not the console’s',
      fix: 'Change things on the console’s own pages, or by the command line.',
    },
    ko: {
      title: '콘솔 페이지가 아닌 곳에서 변경을 요청했습니다',
      fix: '콘솔 페이지나 명령줄에서 변경하십시오.',
    },
  },
  SERVICE_SILENT: {
    kind: 'unavailable',
    en: {
      title: 'A service does not tell the console what it was asked for',
      fix: 'Look at the health of its instances; if something was to be done, look first at what it was to be done to.',
    },
    ko: {
      title: '서비스가 콘솔의 물음에 답하지 않습니다',
      fix: '인스턴스의 상태를 확인하십시오. 조치를 요청했다면 먼저 대상의 현재 상태와 이력을 보십시오.',
    },
  },
  ACTION_REFUSED: {
    kind: 'conflict',
    en: {
      title: 'The service refuses to do this',
      fix: 'The message says why; look at the state of what it was to be done to.',
    },
    ko: {
      title: '서비스가 요청한 조치를 거부했습니다',
      fix: '이유는 메시지에 있습니다. 대상의 현재 상태를 확인하십시오.',
    },
  },
  NOT_FOUND: {
    kind: 'missing',
    en: { title: 'There is nothing at this address', fix: 'Start again from the console’s first page, `/`.' },
    ko: { title: '이 주소에는 아무것도 없습니다', fix: '콘솔의 첫 페이지 `/`에서 다시 시작하십시오.' },
  },
  QUERY_INVALID: {
    kind: 'invalid',
    en: { title: 'The query does not fit', fix: 'Correct the fields listed under `errors`.' },
    ko: { title: '질의가 올바르지 않습니다', fix: '`errors`에 나열된 필드를 고치십시오.' },
  },
  INGEST_MALFORMED: {
    kind: 'invalid',
    en: {
      title: 'Telemetry in a form that cannot be read',
      fix: 'Send OTLP/HTTP as JSON to /v1/traces, /v1/logs, /v1/metrics, or a Zipkin v2 list to /api/v2/spans.',
    },
    ko: {
      title: '읽을 수 없는 형식의 텔레메트리입니다',
      fix: 'OTLP/HTTP JSON은 /v1/traces, /v1/logs, /v1/metrics로, Zipkin v2 목록은 /api/v2/spans로 보내십시오.',
    },
  },
  INGEST_TOO_LARGE: {
    kind: 'too-large',
    en: { title: 'A batch of telemetry is too large', fix: 'Send smaller batches; the limit is in the message.' },
    ko: { title: '텔레메트리 묶음이 너무 큽니다', fix: '더 작게 나누어 보내십시오. 한도는 메시지에 있습니다.' },
  },
  INGEST_ENCODING: {
    kind: 'media-type',
    en: { title: 'Telemetry in an encoding that is not taken', fix: 'Send `application/json`, plain or gzip.' },
    ko: { title: '받지 않는 인코딩의 텔레메트리입니다', fix: '`application/json`을 그대로 또는 gzip으로 보내십시오.' },
  },
  STORE_BROKEN: {
    kind: 'unavailable',
    en: {
      title: 'The store of the console cannot be used',
      fix: 'Check that the folder in the message exists, can be written and has space left.',
    },
    ko: {
      title: '콘솔 저장소를 쓸 수 없습니다',
      fix: '메시지에 나온 폴더가 있고 쓸 수 있으며 공간이 남아 있는지 확인하십시오.',
    },
  },
  WEB_MISSING: {
    kind: 'unavailable',
    en: {
      title: 'The web pages are not built and cannot be',
      fix: 'Run `npm ci` with development dependencies (Vite), or install a published package, which ships them.',
    },
    ko: {
      title: '웹 페이지가 빌드되어 있지 않고 빌드할 수도 없습니다',
      fix: '개발 의존성(Vite)을 포함해 `npm ci`를 실행하거나, 빌드를 담은 배포 패키지를 설치하십시오.',
    },
  },
  WEB_BUILD_FAILED: {
    kind: 'unavailable',
    en: {
      title: 'Building the web pages failed',
      fix: 'Correct what the message names; the build runs again on the next start.',
    },
    ko: {
      title: '웹 페이지 빌드에 실패했습니다',
      fix: '메시지가 가리키는 것을 고치십시오. 다음 시작 때 다시 빌드합니다.',
    },
  },
});
