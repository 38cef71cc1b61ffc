import type { Language } from './terminal.ts';

const english = {
  starting: (system: string) => `${system} is starting …`,
  readyIn: (seconds: string) => `ready in ${seconds} s`,
  storefront: 'Storefront',
  gateway: 'Gateway',
  router: 'Router',
  dns: 'DNS',
  console: 'Console',
  registry: 'Registry',
  config: 'Config server',
  tryThis: 'Try:',
  interrupt: 'Ctrl-C stops everything.',
  stopping: 'stopping …',
  stoppedIn: (seconds: string) => `stopped in ${seconds} s`,
  killed: 'killed everything at once',
  crashed: (name: string, reason: string, seconds: string) =>
    `${name} crashed (${reason}); it starts again in ${seconds} s`,
  readyAgain: (name: string) => `${name} is ready again`,
  states: {
    waiting: 'waiting',
    starting: 'starting',
    ready: 'ready',
    crashed: 'crashed',
    failed: 'failed',
    stopping: 'stopping',
    stopped: 'stopped',
  },
  columns: ['COMPONENT', 'VERSION', 'STATE', 'PID', 'RESTARTS', 'PORT', 'LAST CRASH'],
  isReady: (system: string, pid: number) => `${system} is ready (supervisor ${pid})`,
  isNotReady: (system: string, pid: number, why: string) => `${system} is not ready (supervisor ${pid}): ${why}`,
  noLogs: (folder: string) => `there are no logs in ${folder}`,
  noMatch: 'no line fits',
  wrote: (file: string) =>
    `wrote ${file}\nUse it in a service: \`uses: { … }\`; send credentials by \`with({}, { headers })\` or \`adjusted\`.\n`,
  holds: 'holds',
  broken: 'BROKEN',
  verdict: (held: number, all: number) => `${held} of ${all} invariants hold`,
  noInvariants: (system: string) => `the system "${system}" declares no invariants`,
  moreInLogs: (folder: string) => `logs: ${folder}`,
  scaled: (service: string, from: number, to: number) =>
    from === to ? `${service} has ${counted(to)} already` : `${service} has ${counted(to)} now (${from} before)`,
  replaced: (name: string, formerPid: string, pid: string, seconds: string) =>
    `${name}: process ${pid} took over from ${formerPid} in ${seconds} s`,
  restarted: (service: string, count: number, seconds: string) =>
    `${service} was restarted without a break: ${counted(count)}, ${seconds} s`,
  tried: (process: string, version: string, stable: string) =>
    `${process} is version ${version}, beside version ${stable}: only requests that ask for ${version} reach it, as the gateway's canary does`,
  noCanary: (service: string, stable: string) => `${service} is tried out in no version but ${stable}`,
  chaos: {
    done: 'done',
    ready: 'ready again',
    notReady: 'not in time',
    traffic: 'customers',
    failed: (failed: number, requests: number) => `${failed} of ${requests} requests failed`,
    invariants: 'invariants',
    survived: 'survived: nothing is lost or doubled',
    lost: 'not survived',
  },
  jobColumns: ['JOB', 'RUN', 'STATE', 'FOR', 'CHUNKS', 'BY', 'ERROR'],
  noJobs: 'there are no jobs',
  bySchedule: 'schedule',
  jobEnded: (job: string, state: string, chunks: number, what: string) =>
    `${job} is ${state} after ${chunks} ${chunks === 1 ? 'chunk' : 'chunks'}${what === '' ? '' : `: ${what}`}`,
  jobGoesOn: (id: string) => `it goes on without us: run ${id}, see \`dure jobs\``,
  checked: (system: string, problems: number) =>
    problems === 0
      ? `${system}: nothing is wrong`
      : `${system}: ${problems === 1 ? '1 problem' : `${problems} problems`}`,
  accepted: (file: string, breaks: number) =>
    breaks === 0
      ? `${file} is written`
      : `${file} is written, with ${breaks} that ${breaks === 1 ? 'breaks' : 'break'} somebody`,
  explained: { request: 'request', caller: 'caller', route: 'route', answer: 'answer' },
  rollOut: {
    columns: ['SERVICE', 'INSTANCE', 'VERSION', 'SINCE', 'REFUSED'],
    nobody: 'no instance follows its configuration',
    states: { checking: 'being checked', trying: 'tried out', held: 'held back' },
    changes: 'would change',
    stays: 'stays as it is',
    unasked: 'nobody answered',
    accepted: 'all would take it',
    refused: 'it would be refused everywhere',
  },
  done: 'done',
  nothingParked: 'nothing is parked',
  setBack: {
    was: (stream: string, from: number, to: number) => `${stream}: goes on after ${to}, was at ${from}`,
    stays: (stream: string, at: number, common: number | undefined) =>
      `${stream}: still at ${at}${common === undefined ? '' : `; run this again with --after ${common}`}`,
  },
  flags: {
    none: 'no service has feature flags',
    columns: ['SERVICE', 'FLAG', 'VALUE', 'RULES'],
    decisionColumns: ['SERVICE', 'VALUE', 'REASON', 'RULE', 'WHERE'],
    inCode: 'the code',
  },
  parkedColumns: ['SERVICE', 'SOURCE', 'KEY', 'STATE', 'MESSAGES', 'TRIES', 'FIRST', 'ERROR'],
  parkedStates: { waiting: 'waiting', stopped: 'stopped' },
  cipher: {
    madeKeyring: (path: string) =>
      `${path} is a new keyring; keep a copy in a safe place: without it no encrypted value can be read`,
    typeValue: 'type the value, then Ctrl-D',
    wouldRotate: (count: number) => `${values(count)} would be encrypted by a new key:`,
    rotated: (count: number, key: string) =>
      `${values(count)} ${count === 1 ? 'is' : 'are'} encrypted by the key "${key}" now:`,
    goesOn: (key: string) => `the rotation to the key "${key}" had broken off; it goes on`,
    stuck: (count: number) => `${values(count)} stay as they are; correct them and run \`dure config rotate\` again:`,
    oldKeys: (keys: string) =>
      `the old keys still decrypt: ${keys}; once no other copy of the files needs them, \`dure config rotate --retire\` removes them`,
    retired: (keys: string) => `removed: ${keys}; what was encrypted by them can be read no more`,
    nothingRetired: 'there are no old keys',
    wouldRetire: (keys: string) => `would be removed: ${keys}`,
  },
  rebuilds: {
    columns: ['PROJECTION', 'MODE', 'VERSION', 'RUN', 'STATE', 'POSITION', 'CHANGED'],
    progress: (name: string, run: number, position: number, end: number) =>
      `${name}, run ${run}: ${position} of ${end}`,
    goesOn: (service: string, name: string) => `it goes on without us; see \`dure rebuild ${service} ${name}\` again`,
    shown: (name: string, version: number, run: number) => `${name} shows version ${version}, run ${run}`,
    paused: (name: string, position: number, end: number) => `${name} is paused at ${position} of ${end}`,
  },
  replays: {
    columns: ['REPLAY', 'REACTION', 'STATE', 'POSITION', 'DELIVERED', 'HELD', 'BY', 'ERROR'],
    states: { running: 'running', paused: 'paused', stopped: 'stopped', done: 'done' },
    none: (service: string) =>
      `no reaction of ${service} may be replayed; one that may says so: on(event, …, { name: '…', replayable: true })`,
    may: (reaction: string, event: string, source: string) => `${reaction} may be replayed (${event} of ${source})`,
    progress: (reaction: string, position: number, upTo: number, applied: number, held: number) =>
      `${reaction}: ${position} of ${upTo}, ${applied} delivered, ${held} held back`,
    goesOn: (id: string) => `it goes on without us: replay ${id}, see \`dure replay <service>\``,
    done: (reaction: string, applied: number) => `${reaction}: ${applied} delivered once more`,
    paused: (reaction: string, id: string) => `${reaction} is paused (${id})`,
    stopped: (reaction: string, id: string, message: string, why: string) =>
      `${reaction} has stopped at the message ${message}: ${why}\nmend it, then \`dure replay <service> resume ${id}\`, or skip it`,
    would: (reaction: string, many: number, keys: number, complete: boolean) =>
      `${reaction} would get ${complete ? '' : 'at least '}${many} messages of ${keys} keys once more`,
  },
  proof: {
    server: (version: string, host: string, user: string) => `PostgreSQL ${version} at ${host}, as ${user}`,
    scratch: (database: string, seconds: string, seed: number) =>
      `in the scratch database ${database}, for ${seconds} s, seed ${seed}`,
    progress: (seconds: number, of: string, messages: number, killed: number) =>
      `${seconds} of ${of} s: ${messages} messages, ${killed} sessions killed`,
    warnings: {
      fsync:
        '`fsync` is off: PostgreSQL forgets commits, or is damaged, when the machine goes down; no proof covers that',
      'synchronous-commit':
        '`synchronous_commit` is off: a restart forgets commits that were answered; Dure needs it on, which is the default',
      'few-connections': (free: number) => `only ${free} connections are free; fewer writers and readers take part`,
      'left-over': (database: string) =>
        `${database} is left of a run that was killed; \`DROP DATABASE ${database}\` removes it`,
    },
    holds: 'nothing is lost, doubled, out of order or forgotten',
    broken: 'the log does not hold what it promises',
    labels: {
      messages: 'messages',
      together: 'commits of several units of work',
      undone: 'rolled back',
      killed: 'sessions killed',
      wrong: 'lost, doubled, out of order, forgotten',
      latency: 'from writing to reading, half / 99 %',
      crowd: 'writers, callers of services, readers',
      size: 'size of the scratch database',
      seed: 'seed',
    },
    dropped: (database: string) => `${database} is dropped`,
    left: (database: string, reason: string) =>
      `${database} could not be dropped: ${reason}; run \`DROP DATABASE ${database} WITH (FORCE)\``,
    interrupted: 'interrupted; nothing is proved',
    paused: 'the fence as it is, with a pause between its two steps',
    swapped: 'the two steps in the wrong order, with the same pause',
    nothingFound: (messages: number) => `nothing lost of ${messages} messages`,
    found: (lost: number, messages: number, seconds: string) =>
      `${lost} lost of ${messages} messages, noticed in ${seconds} s`,
    canFail: 'the exam can be failed: only the wrong order loses messages',
    cannotFail: 'the exam found no loss with the wrong order; it proves nothing here: let it run longer',
  },
};

function values(count: number): string {
  return count === 1 ? '1 value' : `${count} values`;
}

function counted(processes: number): string {
  return processes === 1 ? '1 process' : `${processes} processes`;
}

type Messages = typeof english;

const korean: Messages = {
  starting: (system) => `${system} 시작 중 …`,
  readyIn: (seconds) => `${seconds}초 만에 준비 완료 (ready in ${seconds} s)`,
  storefront: '스토어프론트',
  gateway: '게이트웨이',
  router: '라우터',
  dns: 'DNS',
  console: '콘솔',
  registry: '레지스트리',
  config: '설정 서버',
  tryThis: '해 보기:',
  interrupt: 'Ctrl-C를 누르면 모두 종료됩니다.',
  stopping: '종료 중 …',
  stoppedIn: (seconds) => `${seconds}초 만에 종료했습니다`,
  killed: '모든 프로세스를 즉시 종료했습니다',
  crashed: (name, reason, seconds) => `${name}이(가) 비정상 종료했습니다(${reason}). ${seconds}초 뒤에 다시 시작합니다`,
  readyAgain: (name) => `${name}이(가) 다시 준비되었습니다`,
  states: {
    waiting: '대기',
    starting: '시작 중',
    ready: '준비됨',
    crashed: '비정상 종료',
    failed: '실패',
    stopping: '종료 중',
    stopped: '종료됨',
  },
  columns: ['구성 요소', '버전', '상태', 'PID', '재시작', '포트', '마지막 비정상 종료'],
  isReady: (system, pid) => `${system} 준비됨 (수퍼바이저 ${pid})`,
  isNotReady: (system, pid, why) => `${system} 준비되지 않음 (수퍼바이저 ${pid}): ${why}`,
  noLogs: (folder) => `${folder}에 로그가 없습니다`,
  noMatch: '해당하는 줄이 없습니다',
  wrote: (file) =>
    `${file} 작성 완료\n서비스의 \`uses: { … }\`에 넣어 쓰십시오. 인증 정보는 \`with({}, { headers })\`나 \`adjusted\`로 보냅니다.\n`,
  holds: '성립',
  broken: '깨짐',
  verdict: (held, all) => `불변식 ${all}개 가운데 ${held}개가 성립합니다`,
  noInvariants: (system) => `시스템 "${system}"에는 선언된 불변식이 없습니다`,
  moreInLogs: (folder) => `로그: ${folder}`,
  scaled: (service, from, to) =>
    from === to ? `${service}: 이미 프로세스가 ${to}개입니다` : `${service}: 프로세스 ${to}개(이전 ${from}개)`,
  replaced: (name, formerPid, pid, seconds) =>
    `${name}: 프로세스 ${pid}이(가) ${seconds}초 만에 ${formerPid}을(를) 대신했습니다`,
  restarted: (service, count, seconds) => `${service}: 중단 없이 재시작했습니다(프로세스 ${count}개, ${seconds}초)`,
  tried: (process, version, stable) =>
    `${process}: 버전 ${stable} 옆에서 버전 ${version} 실행 중. 게이트웨이의 canary처럼 ${version}을(를) 요구하는 요청만 받습니다`,
  noCanary: (service, stable) => `${service}: 시험 중인 버전이 없습니다(버전 ${stable}만 실행 중)`,
  chaos: {
    done: '한 일',
    ready: '복구',
    notReady: '제시간에 복구되지 않음',
    traffic: '고객',
    failed: (failed, requests) => `요청 ${requests}건 가운데 ${failed}건 실패`,
    invariants: '불변식',
    survived: '견뎠습니다. 잃거나 겹친 것이 없습니다',
    lost: '견디지 못했습니다',
  },
  jobColumns: ['작업', '실행', '상태', '시각', '청크', '요청자', '오류'],
  noJobs: '작업이 없습니다',
  bySchedule: '일정',
  jobEnded: (job, state, chunks, what) => `${job}: ${state}, 청크 ${chunks}개${what === '' ? '' : `: ${what}`}`,
  jobGoesOn: (id) => `작업은 계속됩니다. 실행 ${id}, \`dure jobs\`로 확인하십시오`,
  checked: (system, problems) => (problems === 0 ? `${system}: 문제가 없습니다` : `${system}: 문제 ${problems}개`),
  accepted: (file, breaks) =>
    breaks === 0 ? `${file}에 기록했습니다` : `${file}에 기록했습니다(호환되지 않는 변경 ${breaks}개 포함)`,
  explained: { request: '요청', caller: '호출자', route: '라우트', answer: '응답' },
  rollOut: {
    columns: ['서비스', '인스턴스', '버전', '적용 시각', '거부 이유'],
    nobody: '설정을 따르는 인스턴스가 없습니다',
    states: { checking: '확인 중', trying: '시험 적용 중', held: '보류' },
    changes: '바뀜',
    stays: '그대로',
    unasked: '응답한 인스턴스 없음',
    accepted: '모두 받아들입니다',
    refused: '거부됩니다. 어디에도 적용되지 않습니다',
  },
  done: '완료',
  nothingParked: '대기 중인 메시지가 없습니다',
  setBack: {
    was: (stream, from, to) => `${stream}: 위치 ${to} 다음부터 이어 감(이전 위치 ${from})`,
    stays: (stream, at, common) =>
      `${stream}: 아직 위치 ${at}${common === undefined ? '' : `. --after ${common}(으)로 다시 실행하십시오`}`,
  },
  flags: {
    none: '기능 플래그가 있는 서비스가 없습니다',
    columns: ['서비스', '플래그', '값', '규칙'],
    decisionColumns: ['서비스', '값', '이유', '규칙', '위치'],
    inCode: '코드',
  },
  parkedColumns: ['서비스', '출처', '키', '상태', '메시지', '시도', '첫 메시지', '오류'],
  parkedStates: { waiting: '대기', stopped: '중단' },
  cipher: {
    madeKeyring: (path) =>
      `${path}에 새 키링을 만들었습니다. 안전한 곳에 사본을 보관하십시오. 키링이 없으면 암호화된 값을 읽을 수 없습니다`,
    typeValue: '값을 입력한 뒤 Ctrl-D를 누르십시오',
    wouldRotate: (count) => `새 키로 다시 암호화할 값 ${count}개:`,
    rotated: (count, key) => `값 ${count}개를 키 "${key}"(으)로 다시 암호화했습니다:`,
    goesOn: (key) => `중단되었던 키 "${key}"(으)로의 교체를 이어서 진행합니다`,
    stuck: (count) => `값 ${count}개는 바꾸지 못했습니다. 고친 뒤 \`dure config rotate\`를 다시 실행하십시오:`,
    oldKeys: (keys) =>
      `이전 키(${keys})로도 여전히 복호화할 수 있습니다. 이전 키가 필요한 파일 사본이 더 없으면 \`dure config rotate --retire\`로 제거하십시오`,
    retired: (keys) => `제거한 키: ${keys}. 이 키로 암호화한 값은 더 이상 읽을 수 없습니다`,
    nothingRetired: '이전 키가 없습니다',
    wouldRetire: (keys) => `제거할 키: ${keys}`,
  },
  rebuilds: {
    columns: ['프로젝션', '방식', '버전', '구축', '상태', '위치', '변경 시각'],
    progress: (name, run, position, end) => `${name}, ${run}번째 구축: ${position}/${end}`,
    goesOn: (service, name) => `구축은 계속됩니다. \`dure rebuild ${service} ${name}\`로 다시 확인하십시오`,
    shown: (name, version, run) => `${name}: 버전 ${version}, ${run}번째 구축을 표시합니다`,
    paused: (name, position, end) => `${name}: ${position}/${end}에서 일시 정지됨`,
  },
  replays: {
    columns: ['재전달', '반응', '상태', '위치', '전달', '보류', '요청자', '오류'],
    states: { running: '진행 중', paused: '일시 정지', stopped: '중단', done: '완료' },
    none: (service) =>
      `${service}에는 재전달할 수 있는 반응이 없습니다. 재전달해도 되는 반응에는 on(event, …, { name: '…', replayable: true })라고 적습니다`,
    may: (reaction, event, source) => `${reaction}: 재전달 가능(${source}의 ${event})`,
    progress: (reaction, position, upTo, applied, held) =>
      `${reaction}: 위치 ${position}/${upTo}, 전달 ${applied}건, 보류 ${held}건`,
    goesOn: (id) => `재전달은 계속됩니다. 재전달 ${id}, \`dure replay <서비스>\`로 확인하십시오`,
    done: (reaction, applied) => `${reaction}: ${applied}건을 다시 전달했습니다`,
    paused: (reaction, id) => `${reaction}: 일시 정지됨(${id})`,
    stopped: (reaction, id, message, why) =>
      `${reaction}: 메시지 ${message}에서 중단되었습니다: ${why}\n원인을 고친 뒤 \`dure replay <서비스> resume ${id}\`로 계속하거나 skip으로 건너뛰십시오`,
    would: (reaction, many, keys, complete) =>
      `${reaction}: 키 ${keys}개의 메시지 ${many}건${complete ? '을' : ' 이상을'} 다시 전달하게 됩니다`,
  },
  proof: {
    server: (version, host, user) => `PostgreSQL ${version} (${host}, 사용자 ${user})`,
    scratch: (database, seconds, seed) => `임시 데이터베이스 ${database}, ${seconds}초, 시드 ${seed}`,
    progress: (seconds, of, messages, killed) =>
      `${of}초 중 ${seconds}초: 메시지 ${messages}개, 강제 종료한 세션 ${killed}개`,
    warnings: {
      fsync:
        '`fsync`가 꺼져 있습니다. 기계가 멈추면 커밋이 사라지거나 데이터가 손상되며, 이 증명은 그 경우를 다루지 않습니다',
      'synchronous-commit':
        '`synchronous_commit`이 꺼져 있습니다. 응답까지 보낸 커밋이 재시작으로 사라질 수 있습니다. Dure는 기본값인 on이 필요합니다',
      'few-connections': (free) => `남은 연결이 ${free}개뿐이어서 기록자와 독자를 줄입니다`,
      'left-over': (database) =>
        `강제 종료된 이전 실행의 ${database}이(가) 남아 있습니다. \`DROP DATABASE ${database}\`로 지울 수 있습니다`,
    },
    holds: '유실, 중복, 순서 뒤바뀜, 응답 뒤에 사라진 것이 없습니다',
    broken: '로그가 약속을 지키지 못했습니다',
    labels: {
      messages: '메시지',
      together: '여러 작업 단위를 묶은 커밋',
      undone: '롤백',
      killed: '강제 종료한 세션',
      wrong: '유실, 중복, 순서 뒤바뀜, 응답 뒤에 사라짐',
      latency: '기록부터 읽기까지, 50% / 99%',
      crowd: '기록자, 서비스 호출자, 독자',
      size: '임시 데이터베이스 크기',
      seed: '시드',
    },
    dropped: (database) => `${database}을(를) 지웠습니다`,
    left: (database, reason) =>
      `${database}을(를) 지우지 못했습니다: ${reason}. \`DROP DATABASE ${database} WITH (FORCE)\`를 실행하십시오`,
    interrupted: '중단되어 증명된 것이 없습니다',
    paused: '펜스를 그대로 두고 두 단계 사이에 멈춤만 넣음',
    swapped: '같은 멈춤을 두고 두 단계의 순서를 바꿈',
    nothingFound: (messages) => `메시지 ${messages}개 중 유실 없음`,
    found: (lost, messages, seconds) => `메시지 ${messages}개 중 ${lost}개 유실, ${seconds}초 만에 발견`,
    canFail: '시험은 실패할 수 있습니다. 순서가 틀린 쪽에서만 메시지를 잃습니다',
    cannotFail: '순서를 바꾸었는데도 유실을 찾지 못했습니다. 여기서는 아무것도 증명하지 못하니 더 오래 실행하십시오',
  },
};

/** Everything that commands say, by language. */
export const messages: Readonly<Record<Language, Messages>> = { en: english, ko: korean };
