import { randomInteger, randomItem, wait } from '@dure/core';
import type { FaultOrder } from '../host/faults.ts';
import type { ComponentStatus } from '../supervisor/events.ts';
import { infrastructure } from '../system.ts';
import type { ChaosTarget, Scenario } from './scenario.ts';

const betweenMs = 700;
const frozenMs = 4_000;
const faultMs = 4_000;
const jumpMs = 300_000;
const platform: ReadonlySet<string> = new Set(infrastructure);

/** Ways in which systems break, from the everyday to the rare. */
export const scenarios: readonly Scenario[] = [
  {
    name: 'kill',
    en: {
      title: 'Every service is killed, one after the other',
      lesson:
        'A process may end at any instruction. What it had not committed never happened; what it had committed is in its log, and whoever waits for it pulls it from there. Its clients are told to retry only what may be retried, and find another instance or the next one in a second.',
    },
    ko: {
      title: '모든 서비스를 하나씩 강제로 끝냅니다',
      lesson:
        '프로세스는 어느 명령에서든 끝날 수 있습니다. 커밋하지 않은 일은 없던 일이고, 커밋한 일은 로그에 남아 기다리는 쪽이 가져갑니다. 클라이언트는 재시도해도 되는 것만 재시도하고, 다른 인스턴스나 곧 다시 뜨는 인스턴스를 찾습니다.',
    },
    run: (target) => each(target, isService, (component) => kill(target, component)),
  },
  {
    name: 'freeze',
    en: {
      title: 'A service stops moving for four seconds, and goes on as if nothing had been',
      lesson:
        'A frozen process is worse than a dead one: its connections stay open and answer nothing, and when it thaws it believes to be what it was. Deadlines end the waiting, breakers and outlier ejection end the asking, and a fencing token in the transaction, not a clock, keeps it from doing a second time what others have done meanwhile.',
    },
    ko: {
      title: '서비스 하나가 4초 동안 멈췄다가 아무 일 없었다는 듯 계속합니다',
      lesson:
        '멈춘 프로세스는 죽은 프로세스보다 나쁩니다. 연결은 열린 채 응답이 없고, 깨어나면 자기가 여전히 담당이라고 믿습니다. 기다림은 데드라인이, 요청은 서킷 브레이커와 이상 인스턴스 배제가 끊습니다. 그사이 다른 프로세스가 끝낸 일을 되풀이하지 못하게 막는 것은 시계가 아니라 트랜잭션 안의 펜싱 토큰입니다.',
    },
    run: freeze,
  },
  {
    name: 'database',
    en: {
      title: 'PostgreSQL is shut down under load and comes back',
      lesson:
        'Every session is lost at once. A read takes another; a unit of work that had not sent its COMMIT runs again; one whose COMMIT was under way cannot know, says so, and its caller finds out by repeating the same Idempotency-Key. Whoever answers "done" before the COMMIT has lied.',
    },
    ko: {
      title: '부하가 걸린 PostgreSQL을 내렸다가 다시 올립니다',
      lesson:
        '모든 세션이 한꺼번에 끊어집니다. 읽기는 다른 연결에서 다시 하고, COMMIT을 보내기 전의 작업 단위는 처음부터 다시 실행됩니다. COMMIT을 보낸 뒤 끊긴 작업은 결과를 알 수 없으므로 그렇다고 말하고, 호출자는 같은 Idempotency-Key로 다시 요청해 확인합니다. COMMIT 전에 “됐다”고 답했다면 거짓말입니다.',
    },
    run: (target) =>
      each(
        target,
        ({ name }) => name === 'postgres',
        (component) => stop(target, component, 'SIGINT', 'shut down'),
      ),
  },
  {
    name: 'registry',
    en: {
      title: 'The registry is killed',
      lesson:
        'A registry tells who is there; it must not decide who may talk. Everybody goes on with the last list they know, also after a restart, because they keep it on disk; an empty new registry is not believed before the instances have come back to it.',
    },
    ko: {
      title: '레지스트리를 강제로 끝냅니다',
      lesson:
        '레지스트리는 누가 있는지 알려 줄 뿐, 통신을 허락하는 곳이 아닙니다. 모두가 마지막으로 아는 목록으로 계속 일하고, 목록을 디스크에 두기 때문에 다시 시작해도 마찬가지입니다. 새로 뜬 레지스트리가 비어 있어도 인스턴스들이 다시 등록할 때까지는 그 말을 믿지 않습니다.',
    },
    run: (target) =>
      each(
        target,
        ({ name }) => name === 'registry',
        (component) => kill(target, component),
      ),
  },
  {
    name: 'gateway',
    en: {
      title: 'The gateway is killed',
      lesson:
        'What was in flight is lost, nothing else: the port belongs to the supervisor, so that new connections wait for the next gateway instead of being refused. A client that repeats an order with the same Idempotency-Key gets one order.',
    },
    ko: {
      title: '게이트웨이를 강제로 끝냅니다',
      lesson:
        '처리 중이던 요청만 잃습니다. 포트는 슈퍼바이저가 쥐고 있어서 새 연결은 거부되지 않고 다음 게이트웨이를 기다립니다. 같은 Idempotency-Key로 주문을 다시 보내도 주문은 하나입니다.',
    },
    run: (target) =>
      each(
        target,
        ({ name }) => /^gateway(-\d+)?$/.test(name),
        (component) => kill(target, component),
      ),
  },
  {
    name: 'broker',
    en: {
      title: 'The broker is out of reach for four seconds',
      lesson:
        'A broker is a way, not a memory. What a unit of work says stands in its own log with the COMMIT, so nobody who writes even notices that the broker is away: the relay waits, publishes from its mark when it can again, and whatever comes twice thereby is dropped by its position. A service that publishes itself, before or after its COMMIT, either tells of what never happened or never tells of what did.',
    },
    ko: {
      title: '4초 동안 브로커에 닿을 수 없습니다',
      lesson:
        '브로커는 길이지 기억이 아닙니다. 작업 단위가 한 말은 COMMIT과 함께 자기 로그에 남으므로, 브로커가 없어져도 쓰는 쪽은 알아차리지도 못합니다. 릴레이는 기다렸다가 표시해 둔 위치부터 다시 발행하고, 그래서 두 번 온 메시지는 위치를 보고 버립니다. 서비스가 COMMIT 앞이나 뒤에서 직접 발행한다면, 없던 일을 알리거나 있던 일을 알리지 못하게 됩니다.',
    },
    applies: ({ broker }) => broker !== undefined,
    run: (target) =>
      duringFault(target, { do: 'broker', forMs: faultMs }, `cut off from ${target.broker ?? 'the broker'}`),
  },
  {
    name: 'messages',
    en: {
      title: 'A third of the messages comes twice, or late, behind others',
      lesson:
        'Every carrier repeats itself sooner or later, and what was under way is overtaken when something is sent again. "Exactly once" is nothing that a carrier can promise; it is made at the end of the way, where the position of a message is stored by the very transaction that has its effect. Then a repetition is recognised however late it comes, and a gap shows before anything is applied behind it.',
    },
    ko: {
      title: '메시지 셋 중 하나가 두 번 오거나, 늦게 다른 메시지 뒤에 옵니다',
      lesson:
        '어떤 운반자든 언젠가는 같은 것을 다시 나르고, 다시 보내는 사이에 뒤의 것이 앞지릅니다. “정확히 한 번”은 운반자가 약속할 수 있는 것이 아니라 길의 끝에서 만드는 것입니다. 효과를 내는 바로 그 트랜잭션이 메시지의 위치를 저장하면, 아무리 늦게 되풀이되어도 알아보고, 빠진 것이 있으면 그 뒤의 것을 적용하기 전에 드러납니다.',
    },
    run: (target) => {
      const seed = randomInteger(target.random, 1, 1_000_000);
      const order = { do: 'messages', share: 1 / 3, seed, forMs: faultMs } as const;
      return duringFault(target, order, `given messages in disorder (seed ${seed})`);
    },
  },
  {
    name: 'clock',
    en: {
      title: 'The clock of one process jumps by five minutes, and back after four seconds',
      lesson:
        'A wall clock is an opinion. It tells people when something was, and it may begin or end what is a matter of minutes anyway, such as the timeout of a saga, which then takes its steps back in good order. It must not decide who may write: leases are counted by the one clock of the database and checked by an epoch inside the transaction, durations are measured by a clock that never goes back, and order comes from positions, not from times. Its tokens are not believed meanwhile, and that is right.',
    },
    ko: {
      title: '한 프로세스의 시계가 5분 튀었다가 4초 뒤에 돌아옵니다',
      lesson:
        '벽시계는 하나의 의견입니다. 사람에게 언제였는지 알려 주고, 사가의 제한 시간처럼 어차피 몇 분 단위인 일을 시작하거나 끝낼 수는 있습니다. 그때 사가는 질서 있게 되돌립니다. 그러나 누가 써도 되는지를 시계가 정해서는 안 됩니다. 리스는 데이터베이스 한 곳의 시계로 재고 트랜잭션 안에서 에포크로 확인하며, 길이는 뒤로 가지 않는 시계로 재고, 순서는 시각이 아니라 위치에서 나옵니다. 그동안 이 프로세스의 토큰을 아무도 믿지 않는데, 그것이 옳습니다.',
    },
    run: jumpClock,
  },
  {
    name: 'power',
    en: {
      title: 'Everything is killed at the same moment, the database too',
      lesson:
        'As when the power goes. There is nobody left to tell anybody anything; what counts is what is on disk. The database recovers from its log, sagas go on from their rows, messages from their positions, and money and goods must add up.',
    },
    ko: {
      title: '데이터베이스까지 모든 프로세스를 한순간에 끝냅니다',
      lesson:
        '정전과 같습니다. 누구에게 무엇을 알려 줄 프로세스가 하나도 남지 않으므로 디스크에 있는 것만이 사실입니다. 데이터베이스는 자기 로그로 복구하고, 사가는 저장된 행에서, 메시지는 위치에서 이어지며, 돈과 재고는 맞아떨어져야 합니다.',
    },
    async run(target) {
      const { components } = await target.status();
      return components.map((component) => kill(target, component));
    },
  },
];

function isService({ name, services }: ComponentStatus): boolean {
  return services.length > 0 && !platform.has(name.replace(/-\d+$/, ''));
}

async function each(
  target: ChaosTarget,
  wanted: (component: ComponentStatus) => boolean,
  breakIt: (component: ComponentStatus) => string,
): Promise<readonly string[]> {
  const { components } = await target.status();
  const done: string[] = [];
  for (const component of components.filter(wanted)) {
    if (done.length > 0) await wait(target.clock, betweenMs, target.interrupted);
    if (target.interrupted.aborted) break;
    done.push(breakIt(component));
  }
  return done;
}

async function freeze(target: ChaosTarget): Promise<readonly string[]> {
  const { components } = await target.status();
  const component = randomItem(target.random, components.filter(isService));
  if (component === undefined) return [];
  const frozen = stop(target, component, 'SIGSTOP', 'froze');
  await wait(target.clock, frozenMs, target.interrupted);
  return [frozen, stop(target, component, 'SIGCONT', 'thawed')];
}

/** Orders it from all processes of services, and waits until it has mended. */
async function duringFault(target: ChaosTarget, order: FaultOrder, what: string): Promise<readonly string[]> {
  const { components } = await target.status();
  const services = components.filter(isService).flatMap((component) => component.services);
  await Promise.all(services.map((service) => target.fault(service, order)));
  await wait(target.clock, order.forMs, target.interrupted);
  return services.map(({ name }) => `${name} was ${what}`);
}

async function jumpClock(target: ChaosTarget): Promise<readonly string[]> {
  const { components } = await target.status();
  const service = randomItem(
    target.random,
    components.filter(isService).flatMap((component) => component.services),
  );
  if (service === undefined) return [];
  const skewMs = target.random.next() < 0.5 ? jumpMs : -jumpMs;
  await target.fault(service, { do: 'clock', skewMs, forMs: faultMs });
  await wait(target.clock, faultMs, target.interrupted);
  return [`the clock of ${service.name} went ${skewMs > 0 ? 'forward' : 'back'} by ${jumpMs / 60_000} minutes`];
}

function kill(target: ChaosTarget, component: ComponentStatus): string {
  return stop(target, component, 'SIGKILL', 'killed');
}

function stop(target: ChaosTarget, { name, pid }: ComponentStatus, signal: NodeJS.Signals, what: string): string {
  if (pid === undefined) return `${name} was not running`;
  target.signal(pid, signal);
  return `${what} ${name} (pid ${pid})`;
}
