import type { InstanceList } from '@dure/balancer';
import type { Call, Clock, Ids, Layer, Problem, Timer } from '@dure/core';
import { ids, messageOf, newTrace, plainOperation, stack, startCall, systemRandom } from '@dure/core';
import type { TokenSigner } from '@dure/service/client';
import { messagingErrors } from '../errors.ts';
import { readLines } from './feed-line.ts';
import { longestWaitSeconds } from './feed-route.ts';
import type { FeedEnds, FeedSource, LogEras } from './feed-source.port.ts';
import type { StreamAnswer, StreamTransport } from './transport.ts';
import { httpStream } from './transport.ts';

export interface HttpFeedOptions {
  /** The service whose log is read. */
  readonly source: string;
  /** The service that reads it. */
  readonly as: string;
  readonly instances: InstanceList;
  readonly signer: TokenSigner;
  readonly clock: Clock;
  readonly transport?: StreamTransport;
  /**
   * What stands before each opening of the feed, until its head is there, outermost first, such as a breaker or a timeout of
   * `@dure/resilience`; the operation is `feed <source>`. Default: nothing.
   */
  readonly layers?: readonly Layer<unknown, unknown>[];
  /** How long an answer goes on, in seconds; 0: it ends where the log ends. Default 25. */
  readonly waitSeconds?: number;
  /** How long nothing may arrive, heartbeats included, before the connection counts as dead. Default 12 000. */
  readonly silenceMs?: number;
}

const defaultSilenceMs = 12_000;
const longestProblem = 16_384;

/** The log of a service elsewhere, pulled over HTTP from any of its instances; another one is tried after a failure. */
export function httpFeed(options: HttpFeedOptions): FeedSource {
  const { source, instances } = options;
  const opened: Opening = { options, made: ids(options.clock, systemRandom) };
  let turn = 0;
  const asked = async function* (what: Asked, signal: AbortSignal) {
    const up = instances.instances(source);
    const instance = up[turn % Math.max(up.length, 1)];
    turn += 1;
    if (instance === undefined) {
      throw messagingErrors.FEED_FAILED(`no instance of ${source} is up, so its log cannot be read`, {
        details: { source },
      });
    }
    yield* pull(opened, `http://${instance.host}:${instance.port}`, what, signal);
    turn -= 1; // It ended as it should: the next answer comes from the same instance.
  };
  const answered = async (what: Asked, signal: AbortSignal): Promise<unknown> => {
    let text = '';
    for await (const chunk of asked(what, signal)) text += chunk;
    if (text === '') throw messagingErrors.FEED_FAILED(`${source} did not answer`, { details: { source } });
    return JSON.parse(text);
  };
  return {
    source,
    onChange: (ring) => instances.onChange(source, ring),
    open: (after, signal, era) => readLines(asked(era === undefined ? { after } : { after, era }, signal)),
    async ends(after, upTo, signal) {
      return (await answered({ after, upto: upTo }, signal)) as FeedEnds;
    },
    async eras(of, signal) {
      return (await answered({ of: of.join(',') }, signal)) as LogEras;
    },
    payload: ({ position }, signal) => asked({ position }, signal),
    async positionAt(at, signal) {
      for await (const { mark } of readLines(asked({ at }, signal))) return mark;
      throw messagingErrors.FEED_FAILED(`${source} did not say where its log was at ${at}`, { details: { source } });
    },
  };
}

/** What follows a position, where a time is, where tracks or eras ended, or the data that the message at a position has put aside. */
type Asked =
  | { readonly after: number; readonly era?: string }
  | { readonly at: number }
  | { readonly after: number; readonly upto: number }
  | { readonly of: string }
  | { readonly position: number };

interface Opening {
  readonly options: HttpFeedOptions;
  readonly made: Ids;
}

async function* pull(
  { options, made }: Opening,
  base: string,
  what: Asked,
  signal: AbortSignal,
): AsyncIterable<string> {
  const { source, clock, silenceMs = defaultSilenceMs } = options;
  const over = new AbortController();
  const end = () => over.abort();
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  const silence = deadMansSwitch(clock, silenceMs, end);
  try {
    const operation = { ...plainOperation('', `feed ${source}`), idempotent: true };
    const call = startCall({ operation, trace: newTrace(made), signal: over.signal });
    const open = stack(...(options.layers ?? []))((_, inner) => ask(options, base, what, [over.signal, inner]));
    const answer = (await open(undefined, call)) as StreamAnswer;
    yield* watched(answer.body, silence);
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof Error && error.name === 'DureError') throw error;
    const why = silence.fired() ? `nothing came for ${silenceMs} ms` : messageOf(error);
    throw messagingErrors.FEED_FAILED(`the log of ${source} at ${base} cannot be read: ${why}`, {
      cause: error,
      details: { source, base },
    });
  } finally {
    silence.cancel();
    signal.removeEventListener('abort', end);
    end();
  }
}

/** The head of the feed; `over` ends it and all that comes after, the call only the asking. */
async function ask(
  options: HttpFeedOptions,
  base: string,
  what: Asked,
  [over, call]: readonly [AbortSignal, Call],
): Promise<StreamAnswer> {
  const { source, as, signer, transport = httpStream, waitSeconds = longestWaitSeconds } = options;
  const path = pathOf(what);
  const wait = path === 'feed' && 'after' in what ? { wait: String(waitSeconds) } : {};
  const query = new URLSearchParams({ as, ...stringified(what), ...wait });
  const answer = await transport({
    url: `${base}/.dure/${path}?${query}`,
    headers: {
      authorization: await signer.authorize(source, undefined),
      accept: 'application/x-ndjson, application/json',
    },
    signal: call.signal === over ? over : AbortSignal.any([over, call.signal]),
  });
  if (answer.status !== 200) throw await refused(answer, options, base);
  return answer;
}

function pathOf(what: Asked): 'payload' | 'ends' | 'eras' | 'feed' {
  if ('position' in what) return 'payload';
  if ('upto' in what) return 'ends';
  return 'of' in what ? 'eras' : 'feed';
}

function stringified(values: Asked): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}

/** Silence counts only while something is waited for, not while the consumer is at work. */
async function* watched(chunks: AsyncIterable<string>, silence: DeadMansSwitch): AsyncIterable<string> {
  for await (const chunk of chunks) {
    silence.cancel();
    yield chunk;
    silence.alive();
  }
}

interface DeadMansSwitch {
  alive(): void;
  cancel(): void;
  fired(): boolean;
}

/** Fires when nobody says for a while that things are alive. */
function deadMansSwitch(clock: Clock, afterMs: number, fire: () => void): DeadMansSwitch {
  let fired = false;
  let timer: Timer | undefined;
  const alive = () => {
    timer?.cancel();
    timer = clock.after(afterMs, () => {
      fired = true;
      fire();
    });
  };
  alive();
  return { alive, fired: () => fired, cancel: () => timer?.cancel() };
}

async function refused(answer: StreamAnswer, { source, as }: HttpFeedOptions, base: string): Promise<Error> {
  const problem = await readProblem(answer);
  const details = { source, base, status: answer.status, code: problem?.code };
  const said = problem?.detail ?? problem?.title ?? 'no reason given';
  if (problem?.code === messagingErrors.FEED_AHEAD.code) return messagingErrors.FEED_AHEAD(said, { details });
  if (problem?.code === messagingErrors.FEED_BELOW_FLOOR.code)
    return messagingErrors.FEED_BELOW_FLOOR(said, { details });
  if (problem?.code === messagingErrors.CLAIM_GONE.code) return messagingErrors.CLAIM_GONE(said, { details });
  if (answer.status === 401 || answer.status === 403) {
    return messagingErrors.FEED_FORBIDDEN(`${source} does not let ${as} read its log: ${said}`, { details });
  }
  return messagingErrors.FEED_FAILED(`${source} at ${base} answered ${answer.status}: ${said}`, { details });
}

async function readProblem({ body }: StreamAnswer): Promise<Partial<Problem> | undefined> {
  let text = '';
  try {
    for await (const chunk of body) {
      text += chunk;
      if (text.length > longestProblem) return undefined;
    }
    return JSON.parse(text) as Partial<Problem>;
  } catch {
    return undefined;
  }
}
