import { errorCatalogue } from '@dure/core';

/** What can go wrong with jobs. A run that fails is no error of these: it is in the history, with its error. */
export const jobsErrors = errorCatalogue('JOBS', {
  SCHEDULE_INVALID: {
    kind: 'internal',
    en: {
      title: 'The schedule of a job cannot be read',
      fix: 'Write a cron expression of five or six fields and an IANA time zone: `{ cron: "15 3 * * *", zone: "Asia/Seoul" }`.',
    },
    ko: {
      title: '작업의 일정을 읽을 수 없습니다',
      fix: '다섯 또는 여섯 필드의 cron 식과 IANA 시간대를 적으십시오: `{ cron: "15 3 * * *", zone: "Asia/Seoul" }`.',
    },
  },
  UNKNOWN: {
    kind: 'missing',
    en: { title: 'A service has no such job', fix: 'The message lists the jobs that it has; see also `dure jobs`.' },
    ko: { title: '서비스에 그런 작업이 없습니다', fix: '있는 작업은 메시지에 있습니다. `dure jobs`도 확인하십시오.' },
  },
  ARGUMENTS_INVALID: {
    kind: 'invalid',
    en: {
      title: 'A job was asked for with arguments that do not fit',
      fix: 'Give what its `args` schema describes; the fields are in the message.',
    },
    ko: {
      title: '작업의 인수가 스키마와 맞지 않습니다',
      fix: '`args` 스키마에 맞는 값을 주십시오. 해당 필드는 메시지에 있습니다.',
    },
  },
  RUN_UNKNOWN: {
    kind: 'missing',
    en: { title: 'There is no such run of a job', fix: '`dure jobs` lists the latest runs with their ids.' },
    ko: { title: '그런 작업 실행이 없습니다', fix: '`dure jobs`로 최근 실행과 그 id를 볼 수 있습니다.' },
  },
  RUN_STATE: {
    kind: 'conflict',
    en: {
      title: 'A run of a job is not in a state for that',
      fix: 'A run that has failed or was stopped can be resumed; one that waits or runs can be stopped.',
    },
    ko: {
      title: '작업 실행의 상태가 맞지 않습니다',
      fix: '실패했거나 중지된 실행은 재개할 수 있고, 대기 중이거나 진행 중인 실행은 중지할 수 있습니다.',
    },
  },
});
