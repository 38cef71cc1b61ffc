import { relative } from 'node:path';
import { dureErrors } from '../errors.ts';
import type { Placement } from '../plan/placement.ts';
import type { Component } from '../supervisor/component.ts';
import type { SupervisorEvent, SystemUrls } from '../supervisor/events.ts';
import { componentStatus } from '../supervisor/events.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import { startSupervisor } from '../supervisor/supervisor.ts';
import { canaryLine } from './canary-line.ts';
import type { Command, CommandContext } from './command.ts';
import { commonOptions, stateOption } from './command.ts';
import type { CommandLine } from './command-line.ts';
import { exitCodes } from './exit-codes.ts';
import { readCounts } from './instance-counts.ts';
import { messages } from './messages.ts';
import { startView } from './start-view.ts';
import { systemPlace } from './system-folder.ts';
import type { Language } from './terminal.ts';
import { paint } from './terminal.ts';
import { alignColumns, seconds } from './text-width.ts';

/** `dure up`: starts a system and stays with it. */
export const up: Command = {
  spec: {
    name: 'up',
    positional: '[system]',
    options: {
      placement: {
        value: '<each|one>',
        en: 'a process for each service, or one for all (default: each)',
        ko: '서비스마다 프로세스 하나씩(each) 또는 모두 한 프로세스(one). 기본값: each',
      },
      'port-base': {
        value: '<port>',
        en: 'gateway, registry, config server and console take this port and the three after it; 0: any free ones',
        ko: '게이트웨이, 레지스트리, 설정 서버, 콘솔이 이 포트부터 네 개를 씁니다. 0: 빈 포트 아무거나',
      },
      scale: {
        value: '<service>=<n>,…',
        en: 'how many processes services and the gateway have (default: one each), such as order=2,gateway=2',
        ko: '서비스와 게이트웨이의 프로세스 수(기본값: 하나씩). 예: order=2,gateway=2',
      },
      fresh: { en: 'forget the databases and keys of earlier runs', ko: '이전 실행의 데이터베이스와 키를 지우고 시작' },
      verbose: { en: 'show how long each phase took, and stacks', ko: '단계별 소요 시간과 스택 표시' },
      ...stateOption,
      ...commonOptions,
    },
    en: 'start a system: databases, platform, services, gateway',
    ko: '시스템 시작: 데이터베이스, 플랫폼, 서비스, 게이트웨이',
  },
  async run(line, context) {
    const place = await systemPlace(context.folder, line.positional, line.values.get('state'));
    const observer = line.switches.has('json') ? jsonObserver(context) : textObserver(line, context, place.module);
    const supervisor = await startSupervisor({
      ...place,
      placement: placementOf(line),
      portBase: portBaseOf(line),
      counts: readCounts(line.values.get('scale')?.split(',') ?? []),
      mode: 'development',
      fresh: line.switches.has('fresh'),
      durable: true,
      host: context.host,
      clock: context.clock,
      random: context.random,
      startedMs: 0,
      observe: observer.observe,
      signal: context.interrupted,
    });
    observer.started(supervisor);
    return untilStopped(supervisor, context);
  },
};

interface Observer {
  readonly observe: (event: SupervisorEvent) => void;
  readonly started: (supervisor: Supervisor) => void;
}

async function untilStopped(
  supervisor: Supervisor,
  { interrupted, insisted, terminal, language }: CommandContext,
): Promise<number> {
  const insistence = Promise.withResolvers<'insisted'>();
  const stop = () => void supervisor.stop();
  interrupted.addEventListener('abort', stop, { once: true });
  insisted.addEventListener('abort', () => insistence.resolve('insisted'), { once: true });
  if (interrupted.aborted) stop();
  const outcome = await Promise.race([supervisor.stopped, insistence.promise]);
  if (outcome !== 'insisted') return exitCodes.ok;
  supervisor.killAll();
  await supervisor.stopped;
  terminal.err(`${messages[language].killed}\n`);
  return exitCodes.killed;
}

/** One JSON object a line: the event's name in `event`, the time in `at`, and what `docs` says of it. */
function jsonObserver({ terminal, clock }: CommandContext): Observer {
  const print = (event: string, fields: object): void =>
    terminal.out(`${JSON.stringify({ event, at: new Date(clock.now()).toISOString(), ...fields })}\n`);
  return {
    observe(event) {
      switch (event.type) {
        case 'component':
          return print('component', { ...componentStatus(event.component), ...reasonOf(event.component) });
        case 'phase':
          return print('phase', roundedPhase(event.phase));
        case 'ready':
          return print('ready', { tookMs: Math.round(event.tookMs), urls: event.urls });
        case 'scaled':
        case 'restarted':
        case 'canary':
          return print(event.type, event.report);
        case 'stopping':
          return print('stopping', {});
        case 'stopped':
          return print('stopped', { tookMs: Math.round(event.tookMs) });
        default:
          return event satisfies never;
      }
    },
    started: () => undefined,
  };
}

function textObserver(line: CommandLine, context: CommandContext, module: string): Observer {
  const { terminal, language, clock, folder } = context;
  const text = messages[language];
  const view = startView(terminal, language, clock);
  const verbose = line.switches.has('verbose');
  const crashed = new Set<string>();
  const phases: string[][] = [];
  let ready: (SupervisorEvent & { type: 'ready' }) | undefined;
  const asked = () => ready !== undefined || context.interrupted.aborted;
  terminal.out(`${text.starting(relative(folder, module) || module)}\n`);
  const afterwards = ({ name, state }: Component): void => {
    if (state.kind === 'crashed') {
      crashed.add(name);
      const wait = seconds(Math.max(0, state.restartAt - clock.now()));
      terminal.err(`${paint(terminal, 'red', '✗')} ${text.crashed(name, state.reason, wait)}\n`);
    } else if (state.kind === 'ready' && crashed.delete(name)) {
      terminal.err(`${paint(terminal, 'green', '✓')} ${text.readyAgain(name)}\n`);
    }
  };
  return {
    observe(event) {
      switch (event.type) {
        case 'component':
          return ready === undefined ? view.update(event.component) : afterwards(event.component);
        case 'phase':
          phases.push([event.phase.name, `${Math.round(event.phase.fromMs)}`, `${Math.round(event.phase.toMs)}`]);
          return;
        case 'ready':
          ready = event;
          return view.end();
        case 'scaled':
        case 'restarted':
        case 'canary':
          return terminal.out(lines(changes(event, language)));
        case 'stopping':
          view.end();
          return asked() ? terminal.out(`${text.stopping}\n`) : undefined;
        case 'stopped':
          return asked() ? terminal.out(`${text.stoppedIn(seconds(event.tookMs))}\n`) : undefined;
        default:
          return event satisfies never;
      }
    },
    started({ loaded }) {
      if (ready === undefined) return;
      if (verbose) terminal.out(`\n${alignColumns([['phase', 'from ms', 'to ms'], ...phases]).join('\n')}\n`);
      const examples = loaded.system
        .examples(ready.urls.gateway)
        .map((example) => [example[language], example.command] as const);
      const hasStorefront = loaded.system.edge.storefront !== undefined;
      terminal.out(welcome(ready.tookMs, ready.urls, examples, hasStorefront, context));
    },
  };
}

/** What a change of the system's processes did. */
function changes(
  event: SupervisorEvent & { type: 'scaled' | 'restarted' | 'canary' },
  language: Language,
): readonly string[] {
  const text = messages[language];
  switch (event.type) {
    case 'scaled':
      return event.report.services.map(({ service, from, to }) => text.scaled(service, from, to));
    case 'restarted': {
      const { service, processes, tookMs } = event.report;
      return [text.restarted(service, processes.length, seconds(tookMs))];
    }
    case 'canary':
      return [canaryLine(event.report, language)];
    default:
      return event satisfies never;
  }
}

function lines(texts: readonly string[]): string {
  return texts.map((line) => `${line}\n`).join('');
}

function welcome(
  tookMs: number,
  urls: SystemUrls,
  examples: readonly (readonly [string, string])[],
  hasStorefront: boolean,
  { terminal, language }: CommandContext,
): string {
  const text = messages[language];
  const links = [
    ...(hasStorefront ? [[text.storefront, `${urls.gateway}/`]] : []),
    [text.gateway, `${urls.gateway}/openapi.json`],
    [text.console, urls.console],
    [text.registry, `${urls.registry}/`],
    [text.config, `${urls.config}/`],
    ...(urls.router === undefined ? [] : [[text.router, `${urls.router}/{service}/…`]]),
    ...(urls.dns === undefined ? [] : [[text.dns, urls.dns.replace(/[^/]*$/, '{service}.$&')]]),
  ];
  const commands = examples.flatMap(([title, command]) => [
    paint(terminal, 'dim', `  # ${title}`),
    ...command.split('\n').map((part) => `  ${part}`),
  ]);
  return [
    '',
    paint(terminal, 'bold', text.readyIn(seconds(tookMs))),
    '',
    ...alignColumns(links).map((link) => `  ${link}`),
    ...(commands.length === 0 ? [] : ['', text.tryThis, ...commands]),
    '',
    paint(terminal, 'dim', text.interrupt),
    '',
  ].join('\n');
}

function reasonOf({ state }: Component): { readonly reason?: string } {
  return 'reason' in state ? { reason: state.reason } : {};
}

function roundedPhase({
  name,
  fromMs,
  toMs,
}: {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}) {
  return { name, fromMs: Math.round(fromMs), toMs: Math.round(toMs) };
}

function placementOf({ values }: CommandLine): Placement {
  const placement = values.get('placement') ?? 'each';
  if (placement === 'each' || placement === 'one') return placement;
  throw dureErrors.USAGE(`\`--placement\` is "each" or "one", not "${placement}"`);
}

function portBaseOf({ values }: CommandLine): number | undefined {
  const written = values.get('port-base');
  if (written === undefined) return undefined;
  const port = Number(written);
  if (Number.isInteger(port) && port >= 0 && port <= 65_530) return port;
  throw dureErrors.USAGE(`\`--port-base\` is a port from 1 to 65530, or 0 for any free ones, not "${written}"`);
}
