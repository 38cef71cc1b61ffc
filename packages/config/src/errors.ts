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
  KEYRING_INVALID: {
    kind: 'unavailable',
    en: {
      title: 'The keys of the configuration cannot be read',
      fix: 'Correct the file that the message names: `{ "current": "1", "keys": { "1": { "kind": "aes", "password": "…" } } }`, mode 0600.',
    },
    ko: {
      title: '설정 암호화 키를 읽을 수 없습니다',
      fix: '메시지에 나온 파일을 고치십시오: `{ "current": "1", "keys": { "1": { "kind": "aes", "password": "…" } } }`, 권한 0600.',
    },
  },
  KEY_MISSING: {
    kind: 'missing',
    en: {
      title: 'There is no key for an encrypted value',
      fix: 'Put the key that the message names into the keyring, or encrypt the value anew: `dure config encrypt`.',
    },
    ko: {
      title: '암호화된 값의 키가 없습니다',
      fix: '메시지에 나온 키를 키링에 넣거나, `dure config encrypt`로 값을 다시 암호화하십시오.',
    },
  },
  CIPHER_UNREADABLE: {
    kind: 'invalid',
    en: {
      title: 'A value was not encrypted by this key',
      fix: 'Copy the encrypted value whole, or encrypt it anew: `dure config encrypt`.',
    },
    ko: {
      title: '이 키로 암호화한 값이 아닙니다',
      fix: '암호화된 값을 빠짐없이 복사했는지 확인하거나, `dure config encrypt`로 다시 암호화하십시오.',
    },
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
  GIT_OPTIONS: {
    kind: 'invalid',
    en: {
      title: 'A git repository of the config server is described wrongly',
      fix: 'Correct what the message names; passwords and keys belong into files of their own.',
    },
    ko: {
      title: '설정 서버의 git 저장소 설정이 잘못되었습니다',
      fix: '메시지에 나온 부분을 고치십시오. 비밀번호와 키는 별도 파일에 두어야 합니다.',
    },
  },
  SECRET_FILE: {
    kind: 'unavailable',
    en: {
      title: 'A file with a secret cannot be used',
      fix: 'Create the file that the message names, readable by its owner only (mode 0600).',
    },
    ko: {
      title: '비밀 값이 담긴 파일을 사용할 수 없습니다',
      fix: '메시지에 나온 파일을 만들고 소유자만 읽을 수 있게 하십시오(모드 0600).',
    },
  },
  GIT_FAILED: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'git could not do what the config server asked of it',
      fix: 'The message holds its own words; what was fetched before goes on being served.',
    },
    ko: {
      title: 'git 명령이 실패했습니다',
      fix: '메시지에 git의 출력이 있습니다. 이전에 가져온 내용은 계속 제공됩니다.',
    },
  },
  GIT_UNREACHABLE: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'Nothing could be fetched from a git repository yet',
      fix: 'Correct its address or its credentials, or wait for its host: it is asked again every few seconds.',
    },
    ko: {
      title: 'git 저장소에서 아직 아무것도 가져오지 못했습니다',
      fix: '주소나 자격 증명을 고치거나 호스트가 복구되기를 기다리십시오. 몇 초마다 다시 시도합니다.',
    },
  },
  GIT_TOO_MANY: {
    kind: 'unavailable',
    en: {
      title: 'The config server follows as many git repositories as it may',
      fix: 'Put the configurations of several applications into one repository.',
    },
    ko: {
      title: '설정 서버가 추적할 수 있는 git 저장소 수를 넘었습니다',
      fix: '여러 애플리케이션의 설정을 한 저장소에 두십시오.',
    },
  },
  MONITOR_REFUSED: {
    kind: 'forbidden',
    en: {
      title: 'A hook does not prove that it comes from the host of the configurations',
      fix: 'Give the host the secret that the config server reads from `secretFile`.',
    },
    ko: {
      title: '웹훅이 설정 저장소 호스트에서 왔음을 증명하지 못했습니다',
      fix: '설정 서버가 `secretFile`에서 읽는 비밀 값을 호스트에도 등록하십시오.',
    },
  },
  MONITOR_UNREADABLE: {
    kind: 'invalid',
    en: {
      title: 'The body of a hook cannot be read',
      fix: 'Set the content type of the hook to application/json, or send a form with path=….',
    },
    ko: {
      title: '웹훅 본문을 읽을 수 없습니다',
      fix: '웹훅의 콘텐츠 유형을 application/json으로 설정하거나 path=… 폼으로 보내십시오.',
    },
  },
});
