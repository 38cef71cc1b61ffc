import type { Clock, Random, Timer } from '@dure/core';
import { wait } from '@dure/core';
import type { SubscribeOptions, Subscription } from '@dure/messaging';
import { OrderedDeliveries } from '@dure/messaging';
import type { JetStreamClient, JetStreamManager, JsMsg } from '@nats-io/jetstream';
import { AckPolicy, DeliverPolicy } from '@nats-io/jetstream';
import { recordOf } from './wire.ts';

export interface NatsSubscriptionOptions extends SubscribeOptions {
  readonly stream: string;
  readonly partitions: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Resolves when there is a connection and the stream is there. */
  readonly session: () => Promise<{ readonly streams: JetStreamClient; readonly manager: JetStreamManager }>;
  readonly retryMs: number;
}

/** When the server gives a message to another, unless it hears that we are at it. */
const ackWaitMs = 10_000;
const nanosecondsInMs = 1_000_000;

/**
 * Consumes a topic: for each partition one durable pull consumer of the group, which all members of the group pull from. It gives
 * out one message at a time (`max_ack_pending`), so that order holds whoever gets it, and again after a crash.
 */
export function natsSubscription(options: NatsSubscriptionOptions): Subscription {
  const { handle, clock, partitions } = options;
  const deliveries = new OrderedDeliveries(handle, options);
  const stop = new AbortController();
  const atHand = new Map<number, JsMsg>();
  const pulling = Array.from({ length: partitions }, (_, partition) =>
    pull(options, partition, stop.signal, (message) => {
      atHand.set(partition, message);
      const alive = keepAlive(message, clock);
      deliveries.push(String(partition), recordOf(message), () => {
        alive.cancel();
        atHand.delete(partition);
        message.ack();
      });
      stop.signal.addEventListener('abort', () => alive.cancel(), { once: true });
    }),
  );
  let closing: Promise<void> | undefined;
  const close = async () => {
    await deliveries.close();
    stop.abort();
    await Promise.all(pulling);
    // Only now, or our own pull would get them back.
    for (const message of atHand.values()) message.nak();
  };
  return {
    get held() {
      return deliveries.held;
    },
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

async function pull(
  { session, stream, topic, group, clock, retryMs }: NatsSubscriptionOptions,
  partition: number,
  stopped: AbortSignal,
  take: (message: JsMsg) => void,
): Promise<void> {
  const name = `${group}-${partition}`;
  while (!stopped.aborted) {
    try {
      const { streams, manager } = await session();
      await manager.consumers.add(stream, {
        durable_name: name,
        filter_subject: `${topic}.${partition}`,
        ack_policy: AckPolicy.Explicit,
        ack_wait: ackWaitMs * nanosecondsInMs,
        deliver_policy: DeliverPolicy.All,
        max_ack_pending: 1,
        max_deliver: -1,
      });
      const consumer = await streams.consumers.get(stream, name);
      // Else the client would wait for ever for what a server without its data no longer has; here it is made anew.
      const messages = await consumer.consume({ max_messages: 16, expires: 5_000, abort_on_missing_resource: true });
      const end = () => messages.stop();
      stopped.addEventListener('abort', end, { once: true });
      if (stopped.aborted) end();
      try {
        for await (const message of messages) take(message);
      } finally {
        stopped.removeEventListener('abort', end);
      }
    } catch {
      // The connection tells why; here it is only tried again.
      await wait(clock, retryMs, stopped);
    }
  }
}

/** Tells the server again and again that the message is being worked at. */
function keepAlive(message: JsMsg, clock: Clock): Timer {
  let timer: Timer;
  const again = () => {
    timer = clock.after(ackWaitMs / 3, () => {
      message.working();
      again();
    });
  };
  again();
  return { cancel: () => timer.cancel() };
}
