import { randomItem, wait } from '@dure/core';
import type { ComponentStatus } from '../supervisor/events.ts';
import { infrastructure } from '../system.ts';
import type { ChaosTarget, Scenario } from './scenario.ts';

const betweenMs = 700;
const frozenMs = 4_000;
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

function kill(target: ChaosTarget, component: ComponentStatus): string {
  return stop(target, component, 'SIGKILL', 'killed');
}

function stop(target: ChaosTarget, { name, pid }: ComponentStatus, signal: NodeJS.Signals, what: string): string {
  if (pid === undefined) return `${name} was not running`;
  target.signal(pid, signal);
  return `${what} ${name} (pid ${pid})`;
}
