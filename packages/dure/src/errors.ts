import { errorCatalogue } from '@dure/core';

/** What can go wrong in describing, starting and steering a system. */
export const dureErrors = errorCatalogue('DURE', {
  SYSTEM_NOT_FOUND: {
    kind: 'missing',
    en: { title: 'There is no system here', fix: 'Name the folder that holds system.ts: `dure up <folder>`.' },
    ko: { title: '여기에는 시스템이 없습니다', fix: 'system.ts가 있는 폴더를 지정하십시오: `dure up <폴더>`.' },
  },
  SYSTEM_BROKEN: {
    kind: 'invalid',
    en: {
      title: 'The system module does not load',
      fix: 'Correct the module that the message names; `--verbose` shows the stack.',
    },
    ko: {
      title: '시스템 모듈을 불러올 수 없습니다',
      fix: '메시지에 나온 모듈을 고치십시오. `--verbose`를 붙이면 스택을 볼 수 있습니다.',
    },
  },
  SYSTEM_INVALID: {
    kind: 'invalid',
    en: { title: 'The system contradicts itself', fix: 'Correct system.ts, or the service that the message names.' },
    ko: { title: '시스템 정의에 모순이 있습니다', fix: 'system.ts나 메시지에 나온 서비스를 고치십시오.' },
  },
  VALUE_REFUSED: {
    kind: 'invalid',
    en: {
      title: 'The value cannot be set while the service runs',
      fix: 'Correct the key that the message names, or set it where the configuration lies.',
    },
    ko: {
      title: '실행 중인 서비스에는 이 값을 지정할 수 없습니다',
      fix: '메시지에 나온 키를 고치거나, 설정이 있는 곳에서 값을 바꾸십시오.',
    },
  },
  ALREADY_RUNNING: {
    kind: 'conflict',
    en: {
      title: 'The system is running already',
      fix: 'Stop it with `dure down`, or start another one with `--state <folder>` and `--port-base <port>`.',
    },
    ko: {
      title: '시스템이 이미 실행 중입니다',
      fix: '`dure down`으로 멈추거나, `--state <폴더>`와 `--port-base <포트>`로 따로 시작하십시오.',
    },
  },
  NOT_RUNNING: {
    kind: 'missing',
    en: { title: 'The system is not running', fix: 'Start it with `dure up`.' },
    ko: { title: '시스템이 실행 중이 아닙니다', fix: '`dure up`으로 시작하십시오.' },
  },
  PORT_BUSY: {
    kind: 'conflict',
    en: {
      title: 'A port is in use',
      fix: 'Stop the process that holds it, or choose other ports with `--port-base <port>` (0: any free ones).',
    },
    ko: {
      title: '포트가 이미 사용 중입니다',
      fix: '그 포트를 쓰는 프로세스를 멈추거나 `--port-base <포트>`로 다른 포트를 고르십시오(0: 빈 포트 아무거나).',
    },
  },
  PORT_FORBIDDEN: {
    kind: 'forbidden',
    en: { title: 'A port may not be opened', fix: 'Choose ports from 1024 to 65530 with `--port-base <port>`.' },
    ko: { title: '포트를 열 권한이 없습니다', fix: '`--port-base <포트>`로 1024~65530 사이의 포트를 고르십시오.' },
  },
  STATE_UNUSABLE: {
    kind: 'forbidden',
    en: {
      title: 'The state folder cannot be used',
      fix: 'Make it writable, or name another with `--state <folder>`.',
    },
    ko: {
      title: '상태 폴더를 쓸 수 없습니다',
      fix: '쓰기 권한을 주거나 `--state <폴더>`로 다른 폴더를 지정하십시오.',
    },
  },
  PROCESS_FAILED: {
    kind: 'unavailable',
    en: { title: 'A process did not start', fix: 'Read its output with `dure logs <process>`.' },
    ko: { title: '프로세스가 시작되지 않았습니다', fix: '`dure logs <프로세스>`로 출력을 확인하십시오.' },
  },
  START_TIMEOUT: {
    kind: 'timeout',
    en: {
      title: 'The system did not become ready in time',
      fix: 'Read the output of the components that the message names with `dure logs <process>`.',
    },
    ko: {
      title: '시스템이 제때 준비되지 않았습니다',
      fix: '메시지에 나온 구성 요소의 출력을 `dure logs <프로세스>`로 확인하십시오.',
    },
  },
  START_CANCELLED: {
    kind: 'cancelled',
    en: { title: 'The start was stopped', fix: 'Nothing is left running; start again with `dure up`.' },
    ko: { title: '시작이 중단되었습니다', fix: '남아 있는 프로세스는 없습니다. `dure up`으로 다시 시작하십시오.' },
  },
  REQUEST_UNKNOWN: {
    kind: 'missing',
    en: {
      title: 'The gateway does not remember this request',
      fix: 'Use the field `Dure-Request-Id` of the answer. The gateway keeps its last 2 000 requests; older ones may be in the console, under the same id.',
    },
    ko: {
      title: '게이트웨이가 이 요청을 기억하지 못합니다',
      fix: '응답의 `Dure-Request-Id` 필드를 쓰십시오. 게이트웨이는 최근 요청 2,000개를 보관합니다. 더 오래된 요청은 콘솔에서 같은 id로 찾을 수 있습니다.',
    },
  },
  MANAGEMENT_REFUSED: {
    kind: 'upstream',
    en: {
      title: 'A service did not answer its management port as it was asked to',
      fix: 'See what it answered in the message, and its logs: `dure logs`.',
    },
    ko: {
      title: '서비스의 관리 포트가 요청대로 응답하지 않았습니다',
      fix: '메시지의 응답 내용과 `dure logs`의 로그를 확인하십시오.',
    },
  },
  SERVICE_UNKNOWN: {
    kind: 'missing',
    en: { title: 'The system has no such service', fix: 'Use one of the names that the message lists.' },
    ko: { title: '시스템에 그런 서비스가 없습니다', fix: '메시지에 나열된 이름 가운데 하나를 쓰십시오.' },
  },
  SINGLE_PROCESS: {
    kind: 'invalid',
    en: {
      title: 'This can have one process only',
      fix: "Name the gateway or one of the system's own services; start the system with `--placement each`, which gives each its own process.",
    },
    ko: {
      title: '프로세스를 하나만 둘 수 있습니다',
      fix: '게이트웨이(`gateway`)나 시스템 자체 서비스의 이름을 지정하십시오. 시스템은 서비스마다 프로세스를 두는 `--placement each`로 시작해야 합니다.',
    },
  },
  CANARY_SAME_VERSION: {
    kind: 'conflict',
    en: {
      title: 'The version that is to be tried out is the version that runs',
      fix: "Give it another one: `metadata: { version: '2' }` in its service({ … }), or `dure canary <service> --as 2`.",
    },
    ko: {
      title: '시험할 버전이 이미 실행 중인 버전과 같습니다',
      fix: "다른 버전을 주십시오. service({ … })의 `metadata: { version: '2' }` 또는 `dure canary <서비스> --as 2`로 정합니다.",
    },
  },
  CONTROL_FAILED: {
    kind: 'upstream',
    retryable: true,
    en: {
      title: 'The running system did not answer',
      fix: 'Try again; if it hangs, end the process that the message names.',
    },
    ko: {
      title: '실행 중인 시스템이 응답하지 않습니다',
      fix: '다시 시도하십시오. 계속 응답이 없으면 메시지에 나온 프로세스를 종료하십시오.',
    },
  },
  INVARIANT_BROKEN: {
    kind: 'conflict',
    en: { title: 'An invariant does not hold', fix: 'Compare the figures; `dure logs --trace <id>` follows a call.' },
    ko: {
      title: '불변식이 깨졌습니다',
      fix: '수치를 비교하십시오. `dure logs --trace <ID>`로 호출을 따라갈 수 있습니다.',
    },
  },
  MESSAGE_UNKNOWN: {
    kind: 'internal',
    en: {
      title: 'A service was sent a command that its contract does not have',
      fix: 'Start both services from the same version of the contract; the command waits until then.',
    },
    ko: {
      title: '계약에 없는 명령을 받았습니다',
      fix: '두 서비스를 같은 버전의 계약으로 실행하십시오. 명령은 그때까지 기다립니다.',
    },
  },
  MESSAGE_UNREADABLE: {
    kind: 'internal',
    en: {
      title: 'A message does not fit its contract',
      fix: 'Start both services from the same version of the contract; the message waits until then.',
    },
    ko: {
      title: '메시지가 계약과 맞지 않습니다',
      fix: '두 서비스를 같은 버전의 계약으로 실행하십시오. 메시지는 그때까지 기다립니다.',
    },
  },
  REPLAY_REFUSED: {
    kind: 'conflict',
    en: {
      title: 'The reaction may not be replayed',
      fix: 'If it comes to the same when it runs again, mark it `replayable: true` in the code, and release that first.',
    },
    ko: {
      title: '재전달할 수 없는 반응입니다',
      fix: '다시 실행해도 결과가 같다면 코드에서 `replayable: true`로 표시해 먼저 배포하십시오.',
    },
  },
  REPLAY_UNKNOWN: {
    kind: 'missing',
    en: {
      title: 'There is no such reaction to replay',
      fix: '`dure replay <service>` lists those that may be replayed.',
    },
    ko: {
      title: '재전달할 반응이 없습니다',
      fix: '`dure replay <서비스>`로 재전달할 수 있는 반응을 확인하십시오.',
    },
  },
  READ_MODEL_STEERED: {
    kind: 'conflict',
    en: {
      title: 'A read model in SQLite can only be made anew',
      fix: 'Delete its files, which the message names, and restart the service: its logs are read from their beginning.',
    },
    ko: {
      title: 'SQLite 읽기 모델은 새로 만들 수만 있습니다',
      fix: '메시지에 나온 파일을 지우고 서비스를 다시 시작하십시오. 로그를 처음부터 다시 읽습니다.',
    },
  },
  KEYS_UNAVAILABLE: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'The keys by which user tokens are checked cannot be had',
      fix: 'See with `dure status` whether the service that issues user tokens is up; the next request asks again.',
    },
    ko: {
      title: '사용자 토큰을 검증할 키를 가져올 수 없습니다',
      fix: '사용자 토큰을 발급하는 서비스가 살아 있는지 `dure status`로 확인하십시오. 다음 요청에서 다시 시도합니다.',
    },
  },
  HOST_FAILED: {
    kind: 'internal',
    en: { title: 'A host process failed', fix: 'Read its output with `dure logs <process>`.' },
    ko: { title: '호스트 프로세스가 실패했습니다', fix: '`dure logs <프로세스>`로 출력을 확인하십시오.' },
  },
  USAGE: {
    kind: 'invalid',
    en: { title: 'The command line is not understood', fix: 'See `dure --help`.' },
    ko: { title: '명령을 이해할 수 없습니다', fix: '`dure --help`를 보십시오.' },
  },
});
