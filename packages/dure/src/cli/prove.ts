import { ids, randomInteger } from '@dure/core';
import type { LogProof, ProofEvent, ServerFacts } from '@dure/postgres/fence';
import { dureErrors } from '../errors.ts';
import { askSupervisor } from '../supervisor/control-client.ts';
import type { Command, CommandContext } from './command.ts';
import { commonOptions, stateOption, systemOption } from './command.ts';
import type { CommandLine } from './command-line.ts';
import { exitCodes } from './exit-codes.ts';
import { messages } from './messages.ts';
import type { ProofView } from './proof-view.ts';
import { proofText, proofView, selfTestText } from './proof-view.ts';
import { stateFolderOf } from './system-folder.ts';

const mostMinutes = 60;
/** How long the fence as it is must lose nothing in the self-test; the wrong order usually takes less than a second. */
const pausedSeconds = 5;

/** `dure prove`: puts the message log to the proof on a PostgreSQL server, in a scratch database. */
export const prove: Command = {
  spec: {
    name: 'prove',
    positional: '[log]',
    options: {
      minutes: {
        value: '<n>',
        en: `how long, at most ${mostMinutes} (default: 1)`,
        ko: `실행 시간(분), 최대 ${mostMinutes}. 기본값: 1`,
      },
      seed: {
        value: '<n>',
        en: 'draw the random numbers of another run again (default: any)',
        ko: '다른 실행과 같은 난수를 다시 사용(기본값: 임의)',
      },
      'self-test': {
        en: 'put two lines of the log into the wrong order, and see that it finds losses',
        ko: '로그의 두 줄을 일부러 바꾸고 유실을 찾아내는지 확인',
      },
      ...systemOption,
      ...stateOption,
      ...commonOptions,
    },
    en: 'prove that the log loses, doubles and reorders nothing, on the server of DURE_DATABASE_URL or of the running system',
    ko: '메시지 로그의 유실, 중복, 순서 뒤바뀜이 없음을 증명(서버: DURE_DATABASE_URL 또는 실행 중인 시스템)',
  },
  async run(line, context) {
    const { positional, switches } = line;
    if (positional !== undefined && positional !== 'log')
      throw dureErrors.USAGE(`\`dure prove\` proves the message log: \`dure prove log\`, not "${positional}"`);
    const seconds = minutesOf(line) * 60;
    const seed = seedOf(line, context);
    const run = new ProofRun(await serverUrl(line, context), seed, context, switches.has('json'));
    return switches.has('self-test') ? run.selfTest(seconds) : run.prove(seconds);
  },
};

class ProofRun {
  readonly #url: string;
  readonly #seed: number;
  readonly #context: CommandContext;
  readonly #isJson: boolean;
  readonly #view: ProofView;
  #server: ServerFacts | undefined;
  /** Scratch databases that could not be dropped. */
  readonly #left: string[] = [];

  constructor(url: string, seed: number, context: CommandContext, isJson: boolean) {
    this.#url = url;
    this.#seed = seed;
    this.#context = context;
    this.#isJson = isJson;
    this.#view = proofView(context, isJson);
  }

  async prove(seconds: number): Promise<number> {
    const proof = await this.#run(seconds, 'shipped');
    if (proof === undefined) return this.#interrupted();
    return this.#end(proof.holds, { proof }, proofText(proof, this.#context));
  }

  async selfTest(seconds: number): Promise<number> {
    const paused = await this.#run(Math.min(seconds, pausedSeconds), 'paused');
    if (paused === undefined) return this.#interrupted();
    const swapped = await this.#run(seconds, 'swapped');
    if (swapped === undefined) return this.#interrupted();
    const passed = paused.holds && swapped.lost > 0;
    return this.#end(passed, { paused, swapped }, selfTestText({ paused, swapped, passed }, this.#context));
  }

  async #run(seconds: number, fence: LogProof['fence']): Promise<LogProof | undefined> {
    const { proveLog } = await import('@dure/postgres/fence');
    const { clock, random, interrupted: signal } = this.#context;
    const observe = (event: ProofEvent) => {
      if (event.type === 'server') this.#server = event.server;
      if (event.type === 'left') this.#left.push(event.database);
      this.#view.show(event, { seconds, seed: this.#seed, fence });
    };
    const url = this.#url;
    return proveLog({ url, seconds, seed: this.#seed, fence, clock, random, ids: ids(clock, random), observe, signal });
  }

  #end(holds: boolean, found: object, text: string): number {
    const { terminal } = this.#context;
    const told = { holds, seed: this.#seed, server: this.#server, ...found, left: this.#left };
    terminal.out(this.#isJson ? `${JSON.stringify(told)}\n` : text);
    if (!holds) return exitCodes.invariant;
    return this.#left.length === 0 ? exitCodes.ok : exitCodes.database;
  }

  #interrupted(): number {
    const { terminal, language } = this.#context;
    if (this.#isJson) terminal.out(`${JSON.stringify({ event: 'interrupted', left: this.#left })}\n`);
    else terminal.err(`${messages[language].proof.interrupted}\n`);
    return exitCodes.killed;
  }
}

function minutesOf({ values }: CommandLine): number {
  const written = values.get('minutes') ?? '1';
  const minutes = Number(written);
  if (minutes > 0 && minutes <= mostMinutes) return minutes;
  throw dureErrors.USAGE(`\`--minutes\` is a number above 0 and up to ${mostMinutes}, not "${written}"`);
}

function seedOf({ values }: CommandLine, { random }: CommandContext): number {
  const written = values.get('seed');
  if (written === undefined) return randomInteger(random, 1, 2 ** 31 - 1);
  const seed = Number(written);
  if (Number.isInteger(seed) && seed > 0 && seed < 2 ** 31) return seed;
  throw dureErrors.USAGE(`\`--seed\` is a whole number from 1 to ${2 ** 31 - 1}, not "${written}"`);
}

/** The server's connection string; nothing that is said of it contains it. */
async function serverUrl({ values }: CommandLine, { databaseUrl, folder }: CommandContext): Promise<string> {
  const isNamed = values.has('system') || values.has('state');
  if (databaseUrl !== undefined && !isNamed) {
    if (/^postgres(ql)?:/.test(databaseUrl) && URL.canParse(databaseUrl)) return databaseUrl;
    throw dureErrors.USAGE(
      '`DURE_DATABASE_URL` is not a connection string: `postgres://user:password@host:5432/postgres`',
    );
  }
  const { adminUrl } = await runningServer(folder, values).catch((cause) => {
    if (isNamed) throw cause;
    throw dureErrors.USAGE(
      'there is no server to prove it on: name one by the environment variable `DURE_DATABASE_URL`, or start a system by `dure up`',
      { cause },
    );
  });
  if (adminUrl !== undefined) return adminUrl;
  throw dureErrors.NOT_RUNNING('the system runs no PostgreSQL server at the moment; name one by `DURE_DATABASE_URL`');
}

async function runningServer(folder: string, values: CommandLine['values']) {
  const stateFolder = await stateFolderOf(folder, values.get('system'), values.get('state'));
  return askSupervisor(stateFolder, { ask: 'database-server' });
}
