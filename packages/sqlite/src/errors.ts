import { errorCatalogue } from '@dure/core';

/** What can go wrong between Dure and SQLite. */
export const sqliteErrors = errorCatalogue('SQLITE', {
  FILE_UNUSABLE: {
    kind: 'unavailable',
    en: {
      title: 'A read model cannot be kept in its file',
      fix: 'See whether the folder in the message can be written and has room. The file itself may be deleted: it is built anew.',
    },
    ko: {
      title: '읽기 모델을 파일에 보관할 수 없습니다',
      fix: '메시지에 나온 폴더에 쓸 수 있고 공간이 남아 있는지 확인하십시오. 파일 자체는 지워도 됩니다. 다시 만들어집니다.',
    },
  },
  SCHEMA_INVALID: {
    kind: 'internal',
    en: {
      title: 'The schema of a read model is not accepted by SQLite',
      fix: 'Correct the statement that the message quotes; the next start makes a new file.',
    },
    ko: {
      title: '읽기 모델의 스키마를 SQLite가 받아들이지 않습니다',
      fix: '메시지에 나온 문장을 고치십시오. 다음 시작 때 새 파일을 만듭니다.',
    },
  },
  REPLY_UNSUPPORTED: {
    kind: 'internal',
    en: {
      title: 'A service that keeps a read model only was sent a command',
      fix: 'Give the service a database with a log, such as PostgreSQL, or take the command out of its contract: a read model only follows.',
    },
    ko: {
      title: '읽기 모델만 가진 서비스가 명령을 받았습니다',
      fix: '서비스에 PostgreSQL처럼 로그가 있는 데이터베이스를 주거나 계약에서 명령을 빼십시오. 읽기 모델은 따라가기만 합니다.',
    },
  },
});
