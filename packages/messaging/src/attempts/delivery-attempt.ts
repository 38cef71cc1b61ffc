import type { Call, Clock } from '@dure/core';
import { isRefusal, parseTraceparent, plainOperation, startCall } from '@dure/core';
import type { Span, Telemetry } from '@dure/telemetry';
import { claimIn } from '../claim-check.ts';
import type { Delivery, Effect } from '../delivery.ts';
import type { Message, ReplyData } from '../message.ts';
import { baggageOf } from '../message-buffer.ts';

/** Handles one message inside the transaction that also moves the position. */
export type Dispatch<Tx> = (message: Message, call: Call, tx: Tx) => Promise<ReplyData | undefined>;

/** The message with its data, wherever these are; before its transaction begins. */
export type Whole = (message: Message, signal: AbortSignal) => Promise<Message>;

/** What every try of a message needs. */
export interface AttemptKit<Tx> {
  /** The service that consumes. */
  readonly as: string;
  readonly dispatch: Dispatch<Tx>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** The longest time one try of one message may take, in milliseconds. */
  readonly attemptTimeoutMs: number;
  /** Fetches the data of a message that has put them aside. */
  readonly whole?: Whole | undefined;
}

/** How a try ended. `ofEffect`: what the message does has failed, and not the storing of it. */
export type Tried<R> =
  | { readonly ok: true; readonly value: R }
  | { readonly ok: false; readonly error: unknown; readonly ofEffect: boolean };

/** How long messages that are tried together may take, in milliseconds. What takes longer is tried by itself, in its own time. */
const togetherMs = 250;

/**
 * Tries several messages together: `run` is given what each of them does and for whom, and says what became of each, or undefined when
 * nothing happened to any, of which nobody is told: each is tried by itself then.
 */
export async function attemptTogether<Tx, R>(
  kit: AttemptKit<Tx>,
  messages: readonly Message[],
  signal: AbortSignal,
  run: (deliveries: readonly Delivery<Tx>[]) => Promise<readonly R[] | undefined>,
): Promise<readonly R[] | undefined> {
  const quick = { ...kit, attemptTimeoutMs: Math.min(kit.attemptTimeoutMs, togetherMs) };
  const deliveries: Delivery<Tx>[] = [];
  const { promise, resolve } = Promise.withResolvers<readonly R[] | undefined>();
  const tries = messages.map((message, index) =>
    attempt(quick, message, signal, async (call, effect, span) => {
      deliveries[index] = { message, call, effect };
      if ((await promise) === undefined) span.event('again', { reason: 'one of those beside it failed' });
    }),
  );
  resolve(await run(deliveries).catch(() => undefined));
  await Promise.all(tries);
  return promise;
}

/** Tries a message once: `run` is given the call and the effect and does the rest, such as the store's `deliver`. */
export async function attempt<Tx, R>(
  kit: AttemptKit<Tx>,
  message: Message,
  signal: AbortSignal,
  run: (call: Call, effect: Effect<Tx>, span: Span) => Promise<R>,
): Promise<Tried<R>> {
  const { dispatch } = kit;
  const span = consumerSpan(kit.telemetry, message);
  const call = callOf(kit, message, span, signal);
  let failure: unknown;
  let whole = message;
  const effect: Effect<Tx> = async (tx) => {
    try {
      const reply = await dispatch(whole, call, tx);
      noteRefusal(span, reply);
      return reply;
    } catch (error) {
      failure = error;
      if (isRefusal(error)) span.fail(error);
      throw error;
    }
  };
  try {
    if (kit.whole !== undefined && claimIn(message) !== undefined) {
      // What cannot be fetched holds up its key, as what cannot be applied does, and nobody else.
      whole = await kit.whole(message, signal).catch((error: unknown) => {
        failure = error;
        throw error;
      });
    }
    return { ok: true, value: await run(call, effect, span) };
  } catch (error) {
    span.fail(error);
    return { ok: false, error, ofEffect: error === failure };
  } finally {
    span.end();
  }
}

function consumerSpan(telemetry: Telemetry, message: Message): Span {
  const parent = parseTraceparent(message.meta.traceparent);
  const span = telemetry.startSpan(message.kind === 'reply' ? `reply to ${message.type}` : message.type, {
    kind: 'consumer',
    ...(parent === undefined ? {} : { parent }),
    attributes: {
      'messaging.source': message.source,
      'messaging.position': message.position,
      'messaging.key': message.key,
    },
  });
  if (message.kind === 'reply') noteRefusal(span, message.data as ReplyData);
  return span;
}

function callOf<Tx>(
  { as, clock, attemptTimeoutMs }: AttemptKit<Tx>,
  message: Message,
  span: Span,
  signal: AbortSignal,
): Call {
  return startCall({
    operation: { ...plainOperation(as, message.type), idempotent: 'key' },
    trace: span.context,
    identity: { kind: 'service', subject: message.source, roles: [], scopes: [] },
    idempotencyKey: message.id,
    baggage: baggageOf(message),
    signal,
    deadline: clock.now() + attemptTimeoutMs,
  });
}

function noteRefusal(span: Span, reply: ReplyData | undefined): void {
  if (reply?.ok === false) span.set('dure.refusal', reply.refusal.code);
}
