import { errorCatalogue } from '@dure/core';

/** What can go wrong with messages. */
export const messagingErrors = errorCatalogue('MESSAGING', {
  DATA_INVALID: {
    kind: 'internal',
    en: {
      title: 'A message does not fit its contract',
      fix: 'Correct the data, or the schema in the contract; the fields are listed under `errors`.',
    },
    ko: {
      title: '메시지가 계약과 맞지 않습니다',
      fix: '데이터나 계약의 스키마를 고치십시오. 해당 필드는 `errors`에 있습니다.',
    },
  },
  DATA_TOO_LARGE: {
    kind: 'internal',
    en: {
      title: 'A message is too large',
      fix: 'Say `large: true` in the contract, which raises the limit to 64 Mi characters; beyond that, send a reference to the data.',
    },
    ko: {
      title: '메시지가 너무 큽니다',
      fix: '계약에 `large: true`를 지정하면 한도가 64Mi 문자로 늘어납니다. 그보다 크면 데이터를 가리키는 참조를 보내십시오.',
    },
  },
  CLOSED: {
    kind: 'internal',
    en: {
      title: 'A unit of work was used after it had ended',
      fix: 'Await everything inside the function given to `uow`, and keep nothing of `tx`.',
    },
    ko: {
      title: '끝난 작업 단위를 사용했습니다',
      fix: '`uow`에 넘긴 함수 안에서 모든 작업을 await하고 `tx`를 밖에 보관하지 마십시오.',
    },
  },
  ENVELOPE_INVALID: {
    kind: 'upstream',
    en: {
      title: 'A line of a feed is not a message',
      fix: 'Check that both services run compatible versions of Dure; the message shows the line.',
    },
    ko: {
      title: '피드의 한 줄이 메시지가 아닙니다',
      fix: '두 서비스의 Dure 버전이 호환되는지 확인하십시오. 해당 줄은 메시지에 있습니다.',
    },
  },
  IDS_FORGOTTEN: {
    kind: 'internal',
    en: {
      title: 'Ids of messages are forgotten earlier than the messages may come again',
      fix: 'Raise `inboxRetentionMs` of the database above the longest redelivery of the broker, or lower that.',
    },
    ko: {
      title: '메시지가 다시 올 수 있는 기간보다 ID를 먼저 잊습니다',
      fix: '데이터베이스의 `inboxRetentionMs`를 브로커의 최대 재전달 기간보다 길게 하거나 브로커 쪽 기간을 줄이십시오.',
    },
  },
  VERSION_UNKNOWN: {
    kind: 'internal',
    en: {
      title: 'A message has a version that this service does not know',
      fix: 'Start the newer version of the service, or add the missing step to `upcast`; the message waits with its key until then.',
    },
    ko: {
      title: '서비스가 모르는 버전의 메시지입니다',
      fix: '서비스의 새 버전을 시작하거나 `upcast`에 빠진 단계를 추가하십시오. 그때까지 메시지는 키와 함께 대기합니다.',
    },
  },
  UPCAST_FAILED: {
    kind: 'internal',
    en: {
      title: 'A message of an earlier version could not be brought up',
      fix: 'Correct the function in `upcast` so that it takes all that was ever written in that version, then retry what is parked.',
    },
    ko: {
      title: '이전 버전의 메시지를 변환하지 못했습니다',
      fix: '해당 버전으로 기록된 모든 데이터를 받을 수 있도록 `upcast`의 함수를 고친 뒤 대기 중인 메시지를 재시도하십시오.',
    },
  },
  FEED_FORBIDDEN: {
    kind: 'forbidden',
    en: {
      title: 'A service asked for a feed that is not meant for it',
      fix: 'Declare the reaction or command in the service, so that `system.ts` grants it.',
    },
    ko: {
      title: '허용되지 않은 피드를 요청했습니다',
      fix: '서비스에 반응이나 명령을 선언하면 `system.ts`에서 권한이 부여됩니다.',
    },
  },
  FEED_QUERY: {
    kind: 'invalid',
    en: {
      title: 'A feed was asked for in the wrong way',
      fix: 'Ask as `GET /.dure/feed?as=<service>&after=<position>&wait=<seconds up to 25>`.',
    },
    ko: {
      title: '피드 요청이 잘못되었습니다',
      fix: '`GET /.dure/feed?as=<서비스>&after=<위치>&wait=<25초 이하>`로 요청하십시오.',
    },
  },
  FEED_AHEAD: {
    kind: 'conflict',
    en: {
      title: 'A consumer is ahead of the log it reads',
      fix: 'The log was restored from a backup or lost its newest part: decide what happens to the messages that are lost, set the consumer back to the last position that the message calls common: `dure resume <service> <source> --after <position> --why …`. It goes on by itself within half a minute, also behind a broker. A read model is made anew instead: delete its file and restart its process.',
    },
    ko: {
      title: '소비자가 읽는 로그보다 앞서 있습니다',
      fix: '로그가 백업에서 복원되었거나 최근 내용이 유실되었습니다. 유실된 메시지를 어떻게 처리할지 정하고, 소비자를 메시지에 나온 마지막 공통 위치로 되돌리십시오(`dure resume <서비스> <소스> --after <위치> --why …`). 브로커를 거치는 경우에도 30초 안에 스스로 이어 갑니다. 읽기 모델은 파일을 지우고 프로세스를 다시 시작하면 새로 만들어집니다.',
    },
  },
  SET_BACK_REFUSED: {
    kind: 'conflict',
    en: {
      title: 'A consumer cannot be set back to that position',
      fix: 'Nothing was changed. Give the position that MESSAGING_FEED_AHEAD calls common: before it messages would be applied twice, after it some would be passed over. Who is not refused with that needs no setting back.',
    },
    ko: {
      title: '소비자를 그 위치로 되돌릴 수 없습니다',
      fix: '바뀐 것은 없습니다. MESSAGING_FEED_AHEAD에 나온 공통 위치를 지정하십시오. 그보다 앞이면 메시지가 두 번 적용되고, 뒤면 건너뛰는 메시지가 생깁니다. 그 오류로 거부되지 않는 소비자는 되돌릴 필요가 없습니다.',
    },
  },
  LOG_WENT_BACK: {
    kind: 'unavailable',
    en: {
      title: 'The log of a service ends before what its process has read of it',
      fix: 'The database was restored, or failed over to a copy that was behind, while the service ran: restart all processes of the service.',
    },
    ko: {
      title: '서비스의 로그가 프로세스가 이미 읽은 위치보다 앞에서 끝납니다',
      fix: '서비스가 실행되는 동안 데이터베이스가 복원되었거나 뒤처진 복제본으로 전환되었습니다. 서비스의 모든 프로세스를 다시 시작하십시오.',
    },
  },
  POSITION_LOST: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'A service has lost messages that it had applied',
      fix: 'Its database failed over to a copy that was behind, or was restored, while it ran. It reads its position anew and applies what is lost once more; look whether anything that left the database meanwhile is now without its cause.',
    },
    ko: {
      title: '서비스가 이미 적용한 메시지를 잃었습니다',
      fix: '실행 중에 데이터베이스가 뒤처진 복제본으로 전환되었거나 복원되었습니다. 서비스는 위치를 다시 읽고 잃은 메시지를 다시 적용합니다. 그 사이 데이터베이스 밖으로 나간 것 가운데 근거가 사라진 것이 있는지 확인하십시오.',
    },
  },
  FEED_BELOW_FLOOR: {
    kind: 'conflict',
    en: {
      title: 'A consumer asks for messages that have been dropped',
      fix: 'The consumer is new, or was away for longer than messages are kept: bring its state up to date by other means, then set it to the floor in its `dure.source`. Where this must not happen, say `keepMs` of the events.',
    },
    ko: {
      title: '소비자가 이미 삭제된 메시지를 요청했습니다',
      fix: '새 소비자이거나 메시지 보존 기간보다 오래 멈춰 있었습니다. 다른 방법으로 상태를 맞춘 뒤 소비자의 `dure.source`를 하한 위치로 옮기십시오. 이런 일이 없어야 한다면 이벤트에 `keepMs`를 지정하십시오.',
    },
  },
  FEED_FAILED: {
    kind: 'upstream',
    retryable: true,
    en: {
      title: 'A feed could not be read',
      fix: 'Nothing is lost: it is read again until the service answers. See `dure status`.',
    },
    ko: {
      title: '피드를 읽을 수 없습니다',
      fix: '유실은 없습니다. 서비스가 응답할 때까지 다시 읽습니다. `dure status`를 확인하십시오.',
    },
  },
  CLAIM_BROKEN: {
    kind: 'upstream',
    en: {
      title: 'Large data are not what their message says',
      fix: 'The table `dure.payload` of the sender was changed by hand or damaged: restore it, then retry what is parked.',
    },
    ko: {
      title: '따로 보관한 큰 데이터가 메시지의 내용과 다릅니다',
      fix: '보낸 서비스의 `dure.payload` 테이블이 손상되었거나 직접 수정되었습니다. 복원한 뒤 대기 중인 메시지를 재시도하십시오.',
    },
  },
  CLAIM_GONE: {
    kind: 'missing',
    en: {
      title: 'Large data are not there any more',
      fix: 'They are dropped with their message, which had waited for longer than messages are kept: correct it with `dure parked edit`, or skip it.',
    },
    ko: {
      title: '따로 보관한 큰 데이터가 더 이상 없습니다',
      fix: '메시지 보존 기간이 지나 메시지와 함께 삭제되었습니다. `dure parked edit`로 고치거나 건너뛰십시오.',
    },
  },
  ASK_DEADLINE: {
    kind: 'timeout',
    retryable: true,
    en: {
      title: 'A command that was asked has not been answered in time',
      fix: 'Unless the message says that it was not carried out, it may have been. Ask again with the same Idempotency-Key: that is the same command, and gets its answer.',
    },
    ko: {
      title: '요청한 명령의 답이 제시간에 오지 않았습니다',
      fix: '수행되지 않았다고 메시지에 나오지 않는 한 수행되었을 수 있습니다. 같은 Idempotency-Key로 다시 요청하면 같은 명령으로 처리되어 그 답을 받습니다.',
    },
  },
  ASK_INSIDE: {
    kind: 'internal',
    en: {
      title: 'A command was asked inside a unit of work',
      fix: 'Ask before the unit of work, or after it; inside, `tx.send` the command, or let a saga send it.',
    },
    ko: {
      title: '작업 단위 안에서 명령의 답을 기다리려 했습니다',
      fix: '작업 단위 앞이나 뒤에서 요청하십시오. 안에서는 `tx.send`로 보내거나 사가가 보내게 하십시오.',
    },
  },
  ASK_LIMIT: {
    kind: 'limited',
    retryable: true,
    en: {
      title: 'Too many answers are waited for',
      fix: 'See why the answers take so long; ask again a little later.',
    },
    ko: { title: '기다리는 답이 너무 많습니다', fix: '답이 늦는 이유를 확인하고 잠시 뒤에 다시 요청하십시오.' },
  },
  ASK_CANCELLED: {
    kind: 'cancelled',
    en: {
      title: 'Whoever had a command asked has left',
      fix: 'Nothing to do: the command is carried out, and its answer kept.',
    },
    ko: { title: '명령을 요청한 쪽이 떠났습니다', fix: '조치할 것이 없습니다. 명령은 수행되고 답은 보관됩니다.' },
  },
  ASK_ENDED: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'The service stops while it waits for an answer',
      fix: 'Ask again, with the same Idempotency-Key: another process of the service has the answer.',
    },
    ko: {
      title: '답을 기다리는 동안 서비스가 종료됩니다',
      fix: '같은 Idempotency-Key로 다시 요청하십시오. 서비스의 다른 프로세스가 답을 가지고 있습니다.',
    },
  },
  REPLAY_UNDERWAY: {
    kind: 'conflict',
    en: {
      title: 'The reaction is being replayed already',
      fix: 'Wait until that replay is done, or cancel it: `dure replay <service>` shows how far it is.',
    },
    ko: {
      title: '이미 재전달 중인 반응입니다',
      fix: '진행 중인 재전달이 끝날 때까지 기다리거나 취소하십시오. `dure replay <서비스>`로 진행 상황을 볼 수 있습니다.',
    },
  },
  PARKED_UNKNOWN: {
    kind: 'missing',
    en: {
      title: 'Nothing of that name is parked',
      fix: 'Look at `dure parked`: services, sources, keys and ids are written as it shows them. It may have been applied meanwhile.',
    },
    ko: {
      title: '그런 이름으로 격리된 메시지가 없습니다',
      fix: '`dure parked`에 나오는 서비스, 소스, 키, ID를 그대로 쓰십시오. 그 사이에 적용되었을 수도 있습니다.',
    },
  },
  SOURCE_UNKNOWN: {
    kind: 'missing',
    en: {
      title: 'The service follows no such source',
      fix: 'Use one of the sources that the message lists.',
    },
    ko: { title: '서비스가 따르지 않는 소스입니다', fix: '메시지에 나열된 소스 가운데 하나를 쓰십시오.' },
  },
  REPLAY_BUSY: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'A replay could not begin, because deliveries to its reaction were under way all the time',
      fix: 'Try again; if it goes on like this, look for a reaction that takes seconds.',
    },
    ko: {
      title: '반응에 대한 전달이 계속 진행 중이어서 재전달을 시작하지 못했습니다',
      fix: '다시 시도하십시오. 계속되면 몇 초씩 걸리는 반응이 있는지 확인하십시오.',
    },
  },
  BROKER_UNAVAILABLE: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'The broker does not answer',
      fix: 'Nothing is lost: messages wait in the log until it answers. Check its address, the network and the broker itself.',
    },
    ko: {
      title: '브로커가 응답하지 않습니다',
      fix: '유실은 없습니다. 브로커가 응답할 때까지 메시지는 로그에서 기다립니다. 주소, 네트워크, 브로커 상태를 확인하십시오.',
    },
  },
  BROKER_REFUSED: {
    kind: 'upstream',
    en: {
      title: 'The broker refused',
      fix: "See the broker's own words in the message: a topic that is not there or is made otherwise, a user without the permission, a message that is too large.",
    },
    ko: {
      title: '브로커가 거부했습니다',
      fix: '메시지에 나온 브로커의 설명을 확인하십시오. 토픽이 없거나 설정이 다르거나, 사용자에게 권한이 없거나, 메시지가 너무 큰 경우입니다.',
    },
  },
});
