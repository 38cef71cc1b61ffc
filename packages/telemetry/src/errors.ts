import { errorCatalogue } from '@dure/core';

/** What can go wrong in telemetry: only how it is set up. It never fails the work that it observes. */
export const telemetryErrors = errorCatalogue('TELEMETRY', {
  OPTION_INVALID: {
    kind: 'invalid',
    en: { title: 'A telemetry option is out of range', fix: 'Use a value in the range that the message names.' },
    ko: { title: '텔레메트리 옵션이 범위를 벗어났습니다', fix: '메시지에 나온 범위 안의 값을 쓰십시오.' },
  },
  METER_CONFLICT: {
    kind: 'internal',
    en: {
      title: 'One metric name is used for two kinds of meter',
      fix: 'Give one of them another name; a name is lower-case words joined by underscores.',
    },
    ko: {
      title: '한 메트릭 이름이 서로 다른 종류의 미터에 쓰였습니다',
      fix: '둘 중 하나의 이름을 바꾸십시오. 이름은 소문자 단어를 밑줄로 이어 씁니다.',
    },
  },
});
