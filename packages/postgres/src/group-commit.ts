import type { Clock } from '@dure/core';
import type { BufferedMessage } from '@dure/messaging';
import { commitAnswer } from './commit-answer.ts';
import type { Answer, Connection } from './connection.ts';
import { conflictAt } from './event-sourcing/stream-conflict.ts';
import type { UnitOfMessages } from './flush.ts';
import { flush, flushTogether, headsOf } from './flush.ts';
import { isRefusedByServer } from './sql-state.ts';

/** What of a connection a commit needs. */
export type CommitConnection = Pick<Connection, 'query' | 'broken' | 'abandon'>;

/** A unit of work of nothing but messages, which waits to be committed. */
interface Unit extends UnitOfMessages {
  readonly connection: CommitConnection;
  /** Told the position of its last message, or one behind it in the same commit. */
  readonly done: (position: number) => void;
  readonly failed: (error: unknown) => void;
}

/** What `dure.flush_together` answers. */
interface Together {
  readonly at: number | null;
  readonly missed: readonly { readonly u: number; readonly version: number }[] | null;
  readonly busy: readonly number[] | null;
}

/** How long a unit that goes alone may keep the others waiting, in milliseconds: somebody may hold the head of its stream for long. */
const patienceMs = 20;
/** More messages than these go alone, and no more of all go together. */
const mostMessages = 100;
const mostTogether = 1_000;
/** So many messages are worth a commit beside the one under way: the server works on one while this process prepares the other. */
const worthBeside = 50;
const mostUnderWay = 2;

/**
 * Commits units of work that consist of their messages alone. Nobody waits for company beyond a turn of the event loop: who comes while a commit is
 * under way goes with the next one, and so a busy service writes and flushes once for many (group commit, DeWitt et al. 1984, by the client).
 * Each of them succeeds or fails for itself. Of one stream one goes at a time.
 */
export class GroupCommit {
  readonly #clock: Clock;
  readonly #streams = new Set<string>();
  #waiting: Unit[] = [];
  /** Those used last: their sessions have everything at hand. */
  #warm: readonly CommitConnection[] = [];
  #underWay = 0;
  #isGathering = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Appends them in a transaction; resolves with the position of the last, or one behind it that was committed together with it. Undefined when they
   * cannot go with those of others: there are none or many, they are of several streams, or a snapshot comes with them.
   */
  append(connection: CommitConnection, messages: readonly BufferedMessage[]): Promise<number> | undefined {
    if (messages.length === 0 || messages.length > mostMessages) return undefined;
    const [head, second] = headsOf(messages);
    if (second !== undefined || messages.some(({ stream }) => stream?.snapshot !== undefined)) return undefined;
    return new Promise((done, failed) => {
      this.#waiting.push({ connection, messages, head, done, failed });
      void this.#gather();
    });
  }

  /** Whoever has just been told comes again in this turn of the event loop: they go together, and not the first of them alone. */
  async #gather(): Promise<void> {
    if (this.#isGathering) return;
    this.#isGathering = true;
    await new Promise(setImmediate);
    this.#isGathering = false;
    for (let units = this.#take(); units.length > 0; units = this.#take()) void this.#commit(units);
  }

  /** As many as may go together now, in the order in which they came; of one stream only the first. */
  #take(): readonly Unit[] {
    const inAll = this.#waiting.reduce((sum, { messages }) => sum + messages.length, 0);
    if (this.#underWay > 0 && (this.#underWay === mostUnderWay || inAll < worthBeside)) return [];
    const most = this.#underWay === 0 && inAll >= 2 * worthBeside ? inAll / mostUnderWay : mostTogether;
    const taken: Unit[] = [];
    const left: Unit[] = [];
    const streams = new Set(this.#streams);
    let messages = 0;
    for (const unit of this.#waiting) {
      messages += unit.messages.length;
      const fits = taken.length === 0 || messages <= Math.min(most, mostTogether);
      const stream = unit.head?.mark.name;
      const goes = fits && (stream === undefined || !streams.has(stream));
      if (stream !== undefined) streams.add(stream);
      (goes ? taken : left).push(unit);
    }
    this.#waiting = left;
    return taken;
  }

  async #commit(units: readonly Unit[]): Promise<void> {
    const streams = units.flatMap(({ head }) => head?.mark.name ?? []);
    for (const stream of streams) this.#streams.add(stream);
    this.#underWay += 1;
    const [first] = units;
    if (units.length === 1 && first !== undefined) await this.#patiently(this.#alone(first));
    else await this.#together(units);
    this.#underWay -= 1;
    for (const stream of streams) this.#streams.delete(stream);
    if (this.#waiting.length > 0) void this.#gather();
  }

  async #patiently(alone: Promise<void>): Promise<void> {
    const { promise: enough, resolve } = Promise.withResolvers<void>();
    const timer = this.#clock.after(patienceMs, resolve);
    await Promise.race([alone, enough]);
    timer.cancel();
  }

  async #alone({ connection, messages, done, failed }: Unit): Promise<void> {
    try {
      const { text, values, name } = flush(messages);
      const [answer] = await commitAnswer(connection, this.#clock, [connection.query(text, values, name)], true);
      done(rowOf(answer).flush as number);
    } catch (error) {
      failed(error);
    }
  }

  async #together(units: readonly Unit[]): Promise<void> {
    const connection = this.#connectionOf(units);
    try {
      if (connection === undefined) return this.#each(units);
      const { text, values, name } = flushTogether(units);
      const [answer] = await commitAnswer(connection, this.#clock, [connection.query(text, values, name)], true);
      this.#tell(units, rowOf(answer) as unknown as Together);
    } catch (error) {
      // One of them cannot be stored, and nothing of any was: each by itself says which.
      if (isRefusedByServer(error)) this.#each(units);
      else for (const { failed } of units) failed(error);
    }
  }

  #connectionOf(units: readonly Unit[]): CommitConnection | undefined {
    const usable = units.map((unit) => unit.connection).filter(({ broken }) => !broken);
    const [chosen] = [...this.#warm.filter((one) => usable.includes(one)), ...usable];
    if (chosen !== undefined)
      this.#warm = [chosen, ...this.#warm.filter((one) => one !== chosen)].slice(0, mostUnderWay);
    return chosen;
  }

  #tell(units: readonly Unit[], { at, missed, busy }: Together): void {
    const versions = new Map(missed?.map(({ u, version }) => [u, version]));
    const held = new Set(busy);
    for (const [index, unit] of units.entries()) {
      const version = versions.get(index + 1);
      if (version !== undefined && unit.head !== undefined) unit.failed(conflictAt(unit.head.mark, version));
      // Whoever holds its stream may do so for long: only those who append to it wait for that.
      else if (held.has(index + 1)) void this.#alone(unit);
      else unit.done(at ?? 0);
    }
  }

  /** On the connection of each, all at once. */
  #each(units: readonly Unit[]): void {
    for (const unit of units) void this.#alone(unit);
  }
}

function rowOf(settled: PromiseSettledResult<Answer> | undefined): Readonly<Record<string, unknown>> {
  return settled?.status === 'fulfilled' ? (settled.value.rows[0] ?? {}) : {};
}
