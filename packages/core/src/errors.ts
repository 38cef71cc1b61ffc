import { errorCatalogue } from './dure-error.ts';

/** What can go wrong in core itself. */
export const coreErrors = errorCatalogue('CORE', {
  SCHEMA_ASYNC: {
    kind: 'internal',
    en: {
      title: 'A contract schema validates asynchronously',
      fix: 'Move the asynchronous check into the handler; a contract describes shapes only.',
    },
    ko: {
      title: '계약의 스키마가 비동기로 검증합니다',
      fix: '비동기 검사는 핸들러로 옮기십시오. 계약은 형태만 기술합니다.',
    },
  },
  SCHEMA_INEXPRESSIBLE: {
    kind: 'internal',
    en: {
      title: 'A schema cannot be written as JSON Schema',
      fix: 'Use plain JSON types: epoch milliseconds instead of Date, a number or string instead of bigint, no transforms.',
    },
    ko: {
      title: '스키마를 JSON Schema로 표현할 수 없습니다',
      fix: 'Date 대신 에포크 밀리초, bigint 대신 숫자나 문자열을 쓰고 변환(transform)은 쓰지 마십시오.',
    },
  },
  INVARIANT: {
    kind: 'internal',
    en: {
      title: 'Something that cannot happen has happened',
      fix: 'This is a defect in Dure: report it with the message and the trace id.',
    },
    ko: {
      title: '일어날 수 없는 일이 일어났습니다',
      fix: 'Dure의 결함입니다. 메시지와 트레이스 ID를 첨부해 알려 주십시오.',
    },
  },
});
