import { errorCatalogue } from '@dure/core';

/** What can go wrong with configuration, on the server and at its readers. */
export const configErrors = errorCatalogue('CONFIG', {
  FILE_INVALID: {
    kind: 'unavailable',
    en: { title: 'A configuration file cannot be read', fix: 'Correct the file at the line that the message names.' },
    ko: { title: '설정 파일을 읽을 수 없습니다', fix: '메시지에 나온 줄을 고치십시오.' },
  },
  FOLDER_MISSING: {
    kind: 'unavailable',
    en: {
      title: 'The configuration folder cannot be read',
      fix: 'Create the folder that the message names, or correct its path.',
    },
    ko: { title: '설정 폴더를 읽을 수 없습니다', fix: '메시지에 나온 폴더를 만들거나 경로를 고치십시오.' },
  },
  NOT_FOUND: {
    kind: 'missing',
    en: {
      title: 'There is no such configuration',
      fix: 'Ask for /{application}/{profile} or /{application}-{profile}.yml.',
    },
    ko: {
      title: '그런 설정이 없습니다',
      fix: '/{application}/{profile} 또는 /{application}-{profile}.yml로 요청하십시오.',
    },
  },
  REQUEST_INVALID: {
    kind: 'invalid',
    en: {
      title: 'The address is none of a configuration',
      fix: 'Use letters, digits and - _ . + @ in names, profiles and labels, and (_) for a slash inside them.',
    },
    ko: {
      title: '설정의 주소가 아닙니다',
      fix: '이름, 프로필, 라벨에는 글자, 숫자와 - _ . + @만 쓰고 그 안의 슬래시는 (_)로 쓰십시오.',
    },
  },
  NOT_YOURS: {
    kind: 'forbidden',
    en: {
      title: 'A service may read only its own configuration',
      fix: 'Ask with the credential of that application, or add the caller to the server’s `readers`.',
    },
    ko: {
      title: '서비스는 자기 설정만 읽을 수 있습니다',
      fix: '해당 애플리케이션의 자격 증명으로 요청하거나, 호출자를 서버의 `readers`에 추가하십시오.',
    },
  },
  KEY_MALFORMED: {
    kind: 'invalid',
    en: { title: 'A configuration key is malformed', fix: 'Write list indexes as [0], [1], … without large gaps.' },
    ko: { title: '설정 키의 형식이 잘못되었습니다', fix: '목록 인덱스는 [0], [1], …처럼 큰 간격 없이 쓰십시오.' },
  },
  INVALID: {
    kind: 'invalid',
    en: { title: 'The configuration does not fit', fix: 'Correct the keys that the message names, each at its place.' },
    ko: { title: '설정이 맞지 않습니다', fix: '메시지에 나온 키를 각각의 위치에서 고치십시오.' },
  },
  SERVER_UNREACHABLE: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'The config server did not answer',
      fix: 'See `dure status` and `dure logs config`.',
    },
    ko: { title: '설정 서버가 응답하지 않습니다', fix: '`dure status`와 `dure logs config`를 확인하십시오.' },
  },
  SERVER_REFUSED: {
    kind: 'upstream',
    en: {
      title: 'The config server refused to answer',
      fix: 'The message holds its own words; correct the credential or the file it names.',
    },
    ko: {
      title: '설정 서버가 요청을 거절했습니다',
      fix: '메시지에 서버의 응답이 있습니다. 자격 증명이나 해당 파일을 고치십시오.',
    },
  },
  REPORT_INVALID: {
    kind: 'invalid',
    en: {
      title: 'What an instance says to the config server cannot be read',
      fix: 'Send what the message names; `feedHints` of @dure/config/client does.',
    },
    ko: {
      title: '인스턴스가 설정 서버에 보낸 내용을 읽을 수 없습니다',
      fix: '메시지에 나온 형식으로 보내십시오. @dure/config/client의 `feedHints`가 그렇게 합니다.',
    },
  },
  FULL: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'The config server is followed by as many instances as it can serve',
      fix: 'Nothing is lost: the instance asks every few seconds. Remove instances that are not needed.',
    },
    ko: {
      title: '설정 서버가 받을 수 있는 인스턴스 수에 도달했습니다',
      fix: '잃는 것은 없습니다. 인스턴스가 몇 초마다 직접 확인합니다. 필요 없는 인스턴스를 줄이십시오.',
    },
  },
});
