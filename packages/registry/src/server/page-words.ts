import type { InstanceStatus, Liveness } from '../wire/push-stream.ts';

/** What the page says, in one language. */
export interface PageWords {
  readonly language: 'en' | 'ko';
  readonly title: string;
  readonly intro: string;
  readonly none: string;
  readonly instances: (count: number) => string;
  readonly service: string;
  readonly instance: string;
  readonly address: string;
  readonly state: string;
  readonly since: string;
  readonly heard: string;
  readonly seconds: (count: number) => string;
  readonly statuses: Readonly<Record<InstanceStatus | Liveness, string>>;
  readonly statesTitle: string;
  readonly protectionTitle: string;
  readonly expires: string;
  readonly preserved: (lastMinute: number, threshold: number) => string;
  readonly peersTitle: string;
  readonly noPeers: string;
  readonly reachable: string;
  readonly unreachable: (waiting: number) => string;
  readonly more: string;
  readonly lastTitle: string;
  readonly lastRegistered: string;
  readonly lastGone: string;
  readonly when: string;
}

const en: PageWords = {
  language: 'en',
  title: 'Service registry',
  intro:
    'Every service of this system reports here where it runs. Whoever calls a service asks here for its instances, is told of every change at once, and goes on with the last known list if this registry is away.',
  none: 'Nobody has registered yet.',
  instances: (count) => `${count} ${count === 1 ? 'instance' : 'instances'}`,
  service: 'Service',
  instance: 'Instance',
  address: 'Address',
  state: 'State',
  since: 'Registered (UTC)',
  heard: 'Last heard of',
  seconds: (count) => `${count} s ago`,
  statuses: {
    UP: 'takes calls',
    DOWN: 'says itself that it cannot work',
    STARTING: 'is starting and takes no calls yet',
    OUT_OF_SERVICE: 'was taken out, by an operator or because it is stopping; takes no calls',
    UNKNOWN: 'has not said how it is; takes no calls',
    busy: 'its connection is open, but it is slow to answer',
    suspect: 'its connection broke together with others; it stays until it is known to be gone',
  },
  statesTitle: 'What the states mean',
  protectionTitle: 'When an instance falls silent',
  expires:
    'A process whose connection breaks is removed within a second. Others are removed when their lease runs out.',
  preserved: (lastMinute, threshold) =>
    `Leases do not run out at the moment: ${lastMinute} renewals came in the last minute, and more than ${threshold} are needed. If so many are silent at once, it is more likely the network than the instances. Processes on a connection of their own are still noticed.`,
  peersTitle: 'Other registries',
  noPeers: 'This registry stands alone. It can have peers, so that one may fail.',
  reachable: 'is told of everything',
  unreachable: (waiting) => `does not answer; ${waiting} changes wait for it`,
  more: 'The same for programs: Eureka’s REST API below /eureka, and GET /dure/instances for a stream of changes. Both need a token.',
  lastTitle: 'Who came and who went',
  lastRegistered: 'The last registrations, at most a thousand',
  lastGone: 'The last that stopped or were removed, at most a thousand',
  when: 'When (UTC)',
};

const ko: PageWords = {
  language: 'ko',
  title: '서비스 레지스트리',
  intro:
    '이 시스템의 모든 서비스는 자신이 어디에서 실행되는지 여기에 알립니다. 다른 서비스를 호출하는 쪽은 여기에서 인스턴스 목록을 받고, 바뀔 때마다 바로 통지받습니다. 레지스트리가 응답하지 않으면 마지막으로 받은 목록을 계속 씁니다.',
  none: '아직 등록된 인스턴스가 없습니다.',
  instances: (count) => `인스턴스 ${count}개`,
  service: '서비스',
  instance: '인스턴스',
  address: '주소',
  state: '상태',
  since: '등록 시각 (UTC)',
  heard: '마지막 신호',
  seconds: (count) => `${count}초 전`,
  statuses: {
    UP: '호출을 받습니다',
    DOWN: '스스로 정상 동작할 수 없다고 알렸습니다',
    STARTING: '시작하는 중이며 아직 호출을 받지 않습니다',
    OUT_OF_SERVICE: '운영자가 뺐거나 종료하는 중이라 호출을 받지 않습니다',
    UNKNOWN: '상태를 알리지 않아 호출을 받지 않습니다',
    busy: '연결은 열려 있지만 응답이 늦습니다',
    suspect: '다른 연결과 함께 한꺼번에 끊겼습니다. 종료가 확인될 때까지 남겨 둡니다',
  },
  statesTitle: '상태의 뜻',
  protectionTitle: '인스턴스가 응답하지 않을 때',
  expires: '연결이 끊긴 프로세스는 1초 안에 목록에서 빠집니다. 그 밖의 인스턴스는 임대 기간이 끝나면 빠집니다.',
  preserved: (lastMinute, threshold) =>
    `지금은 임대가 만료되지 않습니다. 최근 1분 동안 갱신이 ${lastMinute}번 왔는데, ${threshold}번을 넘어야 만료 처리를 합니다. 이렇게 많은 인스턴스가 한꺼번에 조용해졌다면 인스턴스보다 네트워크 문제일 가능성이 큽니다. 연결을 열어 둔 프로세스의 종료는 그대로 감지합니다.`,
  peersTitle: '다른 레지스트리',
  noPeers: '이 레지스트리는 혼자 동작합니다. 피어를 두면 하나가 멈춰도 괜찮습니다.',
  reachable: '모든 변경을 전달받고 있습니다',
  unreachable: (waiting) => `응답하지 않습니다. 전달할 변경 ${waiting}건이 남아 있습니다`,
  more: '프로그램에서는 /eureka 아래의 Eureka REST API나 변경 스트림 GET /dure/instances로 같은 내용을 얻을 수 있습니다. 둘 다 토큰이 필요합니다.',
  lastTitle: '최근 등록과 해제',
  lastRegistered: '최근 등록된 인스턴스 (최대 1,000건)',
  lastGone: '최근 종료하거나 제거된 인스턴스 (최대 1,000건)',
  when: '시각 (UTC)',
};

/** Korean for whoever prefers it to English, English for everybody else. */
export function wordsFor(acceptLanguage: string): PageWords {
  const preferences = acceptLanguage.split(',').map((part, index) => {
    const [tag = '', ...parameters] = part.trim().toLowerCase().split(';');
    const quality = parameters.find((parameter) => parameter.trim().startsWith('q='))?.split('=')[1];
    return { language: tag.split('-')[0], quality: Number(quality ?? 1), index };
  });
  const known = preferences.filter(({ language, quality }) => (language === 'ko' || language === 'en') && quality > 0);
  const [best] = known.sort((a, b) => b.quality - a.quality || a.index - b.index);
  return best?.language === 'ko' ? ko : en;
}
