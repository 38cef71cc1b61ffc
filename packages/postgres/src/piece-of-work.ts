import type { Call } from '@dure/core';
import type { BufferedMessage, MessageBuffer, MessageCause } from '@dure/messaging';
import { messageBuffer } from '@dure/messaging';
import { sealMessages } from './event-sourcing/seal-messages.ts';
import type { LocalTransaction } from './local-transaction.ts';
import { putMessagesAside } from './payloads/put-messages-aside.ts';
import type { Statement } from './statement.ts';
import { setTimers } from './timers/set-timers.ts';
import type { Tx, TxInside } from './transaction.ts';
import { insideOf, transaction } from './transaction.ts';
import type { OpenUnit, UnitKit } from './unit-kit.ts';

interface PieceOptions {
  readonly call: Call;
  readonly cause: (call: Call) => MessageCause;
  readonly local: LocalTransaction;
  /** Which run of the work this is, from 1. */
  readonly attempt: number;
}

/** A piece of work within a transaction, mostly all of it: what it is handed out, and what it leaves to be sent before the COMMIT. */
export class PieceOfWork implements OpenUnit {
  readonly tx: Tx;
  readonly local: LocalTransaction;
  readonly buffer: MessageBuffer;
  readonly #kit: UnitKit;
  readonly #call: Call;
  readonly #later: Statement[] = [];
  #open = true;

  constructor(kit: UnitKit, { call, cause, local, attempt }: PieceOptions) {
    const { service, clock, ids, keys } = kit;
    this.#kit = kit;
    this.#call = call;
    this.local = local;
    this.buffer = messageBuffer({ service, clock, ids, cause: cause(call) });
    const query: TxInside['query'] = (text, values, name) => local.query(text, values, name);
    const db = kit.bind(local, () => this.#open);
    this.tx = transaction({ call, db, buffer: this.buffer, attempt, query, keys }, this.#later, kit.startSaga);
  }

  get messages(): readonly BufferedMessage[] {
    return this.buffer.messages;
  }

  /** What is sent before its messages. */
  get closing(): readonly Statement[] {
    return [...this.#later, ...setTimers(this.buffer.timers)];
  }

  discard(): void {
    this.buffer.discard();
    this.#later.length = 0;
  }

  /** Does what belongs to its messages, and ends it. */
  async complete(): Promise<void> {
    const { beforeCommit } = this.#kit;
    if (beforeCommit !== undefined && this.messages.length > 0) await beforeCommit(this.tx);
    await sealMessages(insideOf(this.tx)); // behind what reads the messages
    await putMessagesAside(insideOf(this.tx)); // behind what encrypts them
    this.end();
  }

  /** Whatever it is asked for from now on throws. */
  end(): void {
    this.#open = false;
    this.buffer.close();
  }

  /** Tells those who wait for what was committed; `position` is that of its last message. */
  committed(position: number | undefined): void {
    const { service, appended, scheduled } = this.#kit;
    if (position !== undefined) this.#call.positions.note(service, position);
    if (this.messages.length > 0) appended();
    if (this.buffer.timers.length > 0) scheduled();
  }
}
