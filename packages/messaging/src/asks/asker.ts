import type { Call, Clock, Timer } from '@dure/core';
import { check, Refusal } from '@dure/core';
import type { Counter, Histogram, Telemetry } from '@dure/telemetry';
import type { AskStore } from '../ask-store.port.ts';
import type { AskedCommand, AskOptions } from '../asked-command.ts';
import type { AnyCommand } from '../command.ts';
import { messagingErrors } from '../errors.ts';
import { isExpired } from '../expired.ts';
import type { ReplyData } from '../message.ts';

export interface AskerOptions<Tx> {
  /** The service that asks. */
  readonly service: string;
  readonly store: AskStore<Tx>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** How many may be waited for at once. Default 1 000. */
  readonly mostWaiting?: number;
  /** How often the store is asked while somebody waits, in milliseconds: at first, and at most. Default 2 and 25. */
  readonly pollMs?: { readonly first: number; readonly longest: number };
}

/** Asks commands of other services, and waits for their answers. */
export interface Asker extends AsyncDisposable {
  /** A command as those see it who ask it. */
  asked<C extends AnyCommand>(command: C): AskedCommand<C>;
  /** How many wait. */
  readonly waiting: number;
  /** Gives up what waits: MESSAGING_ASK_ENDED. What was sent is carried out, and its answer kept. Idempotent. */
  close(): Promise<void>;
}

const defaultWithinMs = 10_000;

/**
 * Opens an asker. The answer to a command may be delivered in any process of the service: it is written down there, and looked for by
 * the one that waits, with one query for all that it waits for.
 */
export function openAsker<Tx>(options: AskerOptions<Tx>): Asker {
  return new StoreAsker(options);
}

type Outcome = { readonly reply: ReplyData } | { readonly error: Error };

class StoreAsker<Tx> implements Asker {
  readonly #options: AskerOptions<Tx>;
  readonly #waiting = new Map<string, Set<(outcome: Outcome) => void>>();
  readonly #count: Counter;
  readonly #seconds: Histogram;
  readonly #unsubscribe: () => void;
  #under = 0;
  #polling: Promise<void> | undefined;
  #endPause: (() => void) | undefined;
  #closed = false;

  constructor(options: AskerOptions<Tx>) {
    const { telemetry, store } = options;
    this.#options = options;
    this.#count = telemetry.metrics.counter('messaging_asked', 'Commands that were asked, by outcome');
    this.#seconds = telemetry.metrics.histogram('messaging_ask_seconds', 'Time from asking a command to its answer');
    this.#unsubscribe = store.onReply(() => this.#endPause?.());
  }

  get waiting(): number {
    return this.#under;
  }

  asked<C extends AnyCommand>(command: C): AskedCommand<C> {
    const attempt: AskedCommand<C>['attempt'] = async (input, call, options) => {
      const reply = await this.#ask(command, input, call, options);
      return reply.ok
        ? { ok: true, value: answerOf(command, reply.value) as never }
        : { ok: false, refusal: reply.refusal as never };
    };
    return {
      attempt,
      async ask(input, call, options) {
        const answered = await attempt(input, call, options);
        if (answered.ok) return answered.value;
        const { code, data } = answered.refusal as { code: string; data: unknown };
        const { service, name: operation, refuses } = command;
        throw new Refusal({ service, operation, code, data, status: refuses[code]?.status ?? 409 });
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unsubscribe();
    const error = messagingErrors.ASK_ENDED(`${this.#options.service} stops, and waits for no answer any more`);
    for (const waiters of this.#waiting.values()) for (const settle of waiters) settle({ error });
    this.#endPause?.();
    await this.#polling;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #ask(
    command: AnyCommand,
    input: unknown,
    call: Call,
    { withinMs = defaultWithinMs }: AskOptions = {},
  ): Promise<ReplyData> {
    const { clock, store } = this.#options;
    const type = `${command.service}.${command.name}`;
    this.#refuseNow(type, call);
    const began = clock.monotonicMs();
    const until = Math.min(call.deadline, clock.now() + withinMs);
    let outcome = 'failed';
    this.#under += 1;
    try {
      if (until <= clock.now()) throw tooLate(type, 'the deadline had passed before it was sent');
      const id = await store.send(call, { command, input, until });
      const answered = await this.#answer(id, type, call, until);
      if (isExpired(answered)) throw tooLate(type, 'it came too late and was not carried out');
      outcome = answered.ok ? 'answered' : 'refused';
      return answered;
    } catch (error) {
      if ((error as { code?: unknown }).code === messagingErrors.ASK_DEADLINE.code) outcome = 'deadline';
      throw error;
    } finally {
      this.#under -= 1;
      this.#count.add(1, { type, outcome });
      this.#seconds.record((clock.monotonicMs() - began) / 1_000, { type });
    }
  }

  #refuseNow(type: string, call: Call): void {
    const { store, service, mostWaiting = 1_000 } = this.#options;
    if (this.#closed) throw messagingErrors.ASK_ENDED(`${service} stops, and asks nothing any more`);
    if (store.isWithinUnit(call)) {
      throw messagingErrors.ASK_INSIDE(
        `"${type}" was asked while a unit of work of the same call was open: its connection and its locks would be held until the answer comes`,
        { details: { type } },
      );
    }
    if (this.#under < mostWaiting) return;
    throw messagingErrors.ASK_LIMIT(`${service} waits for ${this.#under} answers already; "${type}" was not sent`, {
      details: { type, limit: mostWaiting },
    });
  }

  async #answer(id: string, type: string, call: Call, until: number): Promise<ReplyData> {
    const { clock } = this.#options;
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const waiters = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, waiters.add(resolve));
    const left = () =>
      resolve({ error: messagingErrors.ASK_CANCELLED(`the caller left while "${type}" was being asked`) });
    const late = () => resolve({ error: tooLate(type, 'no answer has come') });
    const timer: Timer = clock.after(
      Math.max(until - clock.now(), 0),
      () => void this.#lastLook(id, resolve).then(late),
    );
    call.follow(left);
    this.#polling ??= this.#poll();
    this.#endPause?.();
    try {
      const outcome = await promise;
      if ('error' in outcome) throw outcome.error;
      return outcome.reply;
    } finally {
      timer.cancel();
      call.unfollow(left);
      waiters.delete(resolve);
      if (waiters.size === 0) this.#waiting.delete(id);
    }
  }

  /** What another process has written down since the last poll is not missed. */
  async #lastLook(id: string, resolve: (outcome: Outcome) => void): Promise<void> {
    const reply = await this.#options.store.replies([id]).then(
      (replies) => replies.get(id),
      () => undefined,
    );
    if (reply !== undefined) resolve({ reply });
  }

  async #poll(): Promise<void> {
    const { store, telemetry, pollMs = { first: 2, longest: 25 } } = this.#options;
    let pauseMs = pollMs.first;
    while (this.#waiting.size > 0) {
      try {
        const replies = await store.replies([...this.#waiting.keys()]);
        for (const [id, reply] of replies) for (const settle of this.#waiting.get(id) ?? []) settle({ reply });
        pauseMs = replies.size > 0 ? pollMs.first : Math.min(pauseMs * 1.5, pollMs.longest);
      } catch (error) {
        telemetry.log.debug('answers cannot be looked for at the moment', { error });
        pauseMs = pollMs.longest;
      }
      if (await this.#pause(pauseMs)) pauseMs = pollMs.first;
    }
    this.#polling = undefined;
  }

  /** Whether it was ended early. */
  #pause(forMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (early: boolean) => {
        timer.cancel();
        this.#endPause = undefined;
        resolve(early);
      };
      const timer = this.#options.clock.after(forMs, () => end(false));
      this.#endPause = () => end(true);
    });
  }
}

function tooLate(type: string, why: string) {
  return messagingErrors.ASK_DEADLINE(`"${type}" was asked: ${why}`, { details: { type } });
}

function answerOf({ service, name, output }: AnyCommand, value: unknown): unknown {
  if (output === undefined) return value;
  const checked = check(output, value, 'reply');
  if (checked.ok) return checked.value;
  const fields = checked.errors.map((error) => `${error.path}: ${error.message}`).join('; ');
  throw messagingErrors.DATA_INVALID(`the answer to "${service}.${name}" does not fit the contract: ${fields}`, {
    details: { type: `${service}.${name}`, errors: checked.errors },
  });
}
