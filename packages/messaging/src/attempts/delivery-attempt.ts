import type { Call, Clock } from '@dure/core';
import { isRefusal, parseTraceparent, plainOperation, startCall } from '@dure/core';
import type { Span, Telemetry } from '@dure/telemetry';
import type { Effect } from '../delivery.ts';
import type { Message, ReplyData } from '../message.ts';
import { baggageOf } from '../message-buffer.ts';

/** Handles one message inside the transaction that also moves the position. */
export type Dispatch<Tx> = (message: Message, call: Call, tx: Tx) => Promise<ReplyData | undefined>;

/** What every try of a message needs. */
export interface AttemptKit<Tx> {
  /** The service that consumes. */
  readonly as: string;
  readonly dispatch: Dispatch<Tx>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** The longest time one try of one message may take, in milliseconds. */
  readonly attemptTimeoutMs: number;
}

/** How a try ended. `ofEffect`: what the message does has failed, and not the storing of it. */
export type Tried<R> =
  | { readonly ok: true; readonly value: R }
  | { readonly ok: false; readonly error: unknown; readonly ofEffect: boolean };

/** Tries a message once: `run` is given the call and the effect and does the rest, such as the store's `deliver`. */
export async function attempt<Tx, R>(
  kit: AttemptKit<Tx>,
  message: Message,
  signal: AbortSignal,
  run: (call: Call, effect: Effect<Tx>) => Promise<R>,
): Promise<Tried<R>> {
  const { dispatch } = kit;
  const span = consumerSpan(kit.telemetry, message);
  const call = callOf(kit, message, span, signal);
  let failure: unknown;
  const effect: Effect<Tx> = async (tx) => {
    try {
      const reply = await dispatch(message, call, tx);
      noteRefusal(span, reply);
      return reply;
    } catch (error) {
      failure = error;
      if (isRefusal(error)) span.fail(error);
      throw error;
    }
  };
  try {
    return { ok: true, value: await run(call, effect) };
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
