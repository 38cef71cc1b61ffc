import { messageOf, wait } from '@dure/core';
import { configErrors } from '../errors.ts';
import type { FeedMessage, InstanceReport } from '../wire/change-feed.ts';
import { changesPath, longestReason, silenceMs, vitalsMs } from '../wire/change-feed.ts';
import type { FeedHintsOptions } from './feed-hints-options.ts';
import type { ConfigFollower, HintLine } from './hints.ts';
import { readFeed } from './read-feed.ts';
import type { FeedAnswer } from './transport.ts';

/** What a line does over the network. */
export interface FeedWire {
  open(path: string, signal: AbortSignal): Promise<FeedAnswer>;
  report(report: InstanceReport): Promise<void>;
}

const firstPauseMs = 100;
const longestPauseMs = 10_000;
/** How long a server without a feed is left alone. */
const noFeedMs = 300_000;
const farewellMs = 500;
const reportWithinMs = 1_000;

/** One follower's connection to the change feed: opened again whenever it breaks, ever more slowly. */
export class FeedLine implements HintLine {
  isOpen = false;
  readonly #options: FeedHintsOptions;
  readonly #follower: ConfigFollower;
  readonly #wire: FeedWire;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #telling: Promise<void> | undefined;
  #isToTell = false;
  #watching: AbortController | undefined;
  #isFaulty = false;

  constructor(options: FeedHintsOptions, follower: ConfigFollower, wire: FeedWire) {
    this.#options = options;
    this.#follower = follower;
    this.#wire = wire;
    this.#running = this.#run();
  }

  tell(): void {
    this.#isToTell = true;
    this.#telling ??= this.#tellAll().finally(() => {
      this.#telling = undefined;
    });
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const wasOpen = this.isOpen;
    this.#closing.abort();
    this.#watching?.abort();
    await this.#running;
    if (!wasOpen) return;
    const said = new AbortController();
    const farewell = this.#wire.report({ ...this.#report(), leaves: true }).catch(() => undefined);
    await Promise.race([farewell, wait(this.#options.clock, farewellMs, said.signal)]);
    said.abort();
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#options;
    const { signal } = this.#closing;
    let failures = 0;
    while (!signal.aborted) {
      let pauseMs = noFeedMs;
      try {
        const hasFeed = await this.#follow(() => {
          failures = 0;
        });
        if (hasFeed) throw configErrors.SERVER_UNREACHABLE('the config server ended its change feed');
      } catch (error) {
        failures += 1;
        pauseMs = Math.min(firstPauseMs * 2 ** Math.min(failures - 1, 16), longestPauseMs);
        this.#fault(messageOf(error));
      }
      const wasOpen = this.isOpen;
      this.isOpen = false;
      if (wasOpen) this.#follower.unhinted();
      this.#watching?.abort();
      await wait(clock, pauseMs * (0.5 + random.next() / 2), signal);
    }
  }

  /** False when the server has no feed. */
  async #follow(connected: () => void): Promise<boolean> {
    const { clock } = this.#options;
    const connection = new AbortController();
    const silent = () => connection.abort(configErrors.SERVER_UNREACHABLE('the config server is silent'));
    let timer = clock.after(silenceMs, silent);
    const leave = () => connection.abort();
    this.#closing.signal.addEventListener('abort', leave, { once: true });
    try {
      const version = this.#follower.version();
      const { status, contentType, chunks } = await this.#wire.open(this.#path(version), connection.signal);
      if (status === 404 || (status === 200 && !contentType.startsWith('text/event-stream'))) return false;
      if (status !== 200)
        throw configErrors.SERVER_UNREACHABLE(`the config server answered ${status} to who follows its changes`);
      for await (const message of readFeed(chunks)) {
        timer.cancel();
        timer = clock.after(silenceMs, silent);
        if (!this.isOpen) {
          this.isOpen = true;
          this.#isFaulty = false;
          connected();
          if (this.#follower.refused() !== undefined || this.#follower.version() !== version) this.tell();
        }
        if (message !== undefined) this.#take(message);
      }
      connection.signal.throwIfAborted();
      return true;
    } finally {
      timer.cancel();
      this.#closing.signal.removeEventListener('abort', leave);
      connection.abort();
    }
  }

  #path(version: string | undefined): string {
    const { target, schema } = this.#follower;
    const profiles = target.profiles.length === 0 ? 'default' : target.profiles.join(',');
    const path = changesPath
      .replace(':application', encodeURIComponent(target.service))
      .replace(':profiles', encodeURIComponent(profiles));
    const query = new URLSearchParams({ instance: this.#options.instance, schema });
    if (version !== undefined) query.set('version', version);
    if (this.#options.label !== undefined) query.set('label', this.#options.label.replaceAll('/', '(_)'));
    return `${path}?${query}`;
  }

  #take(message: FeedMessage): void {
    const { hinted, judge } = this.#follower;
    switch (message.kind) {
      case 'version':
        hinted(message.version);
        return;
      case 'check':
        void judge(message.candidate).then((refused) => this.#judged(message.candidate, refused));
        return;
      case 'watch':
        this.#watching?.abort();
        if (message.on) void this.#sayVitals();
        return;
      case 'bus':
        this.#options.onBus?.(message.event);
        return;
      default:
        message satisfies never;
    }
  }

  async #judged(candidate: string, refused: string | undefined): Promise<void> {
    const verdict = { candidate, refused: refused?.slice(0, longestReason) };
    await this.#wire.report({ ...this.#report(), verdict }).catch((error: unknown) => this.#fault(messageOf(error)));
  }

  async #sayVitals(): Promise<void> {
    const { vitals, clock } = this.#options;
    if (vitals === undefined) return;
    this.#watching = new AbortController();
    const { signal } = this.#watching;
    while (!signal.aborted) {
      try {
        await this.#wire.report({ ...this.#report(), vitals: await vitals() });
      } catch (error) {
        this.#fault(messageOf(error));
      }
      await wait(clock, vitalsMs, signal);
    }
  }

  /**
   * Only the latest matters: what changes while a report is on its way goes with the next. A success has time, so that a
   * herd that applies a change does not report it while others still wait for theirs; a refusal has none.
   */
  async #tellAll(): Promise<void> {
    const { clock, random } = this.#options;
    while (this.#isToTell && !this.#closing.signal.aborted) {
      if (this.#follower.refused() === undefined)
        await wait(clock, reportWithinMs * (0.5 + random.next() / 2), this.#closing.signal);
      this.#isToTell = false;
      await this.#wire.report(this.#report()).catch((error: unknown) => this.#fault(messageOf(error)));
    }
  }

  #report(): InstanceReport {
    const { target, version, refused } = this.#follower;
    return {
      instance: this.#options.instance,
      application: target.service,
      profiles: target.profiles,
      version: version(),
      refused: refused()?.slice(0, longestReason),
    };
  }

  #fault(problem: string): void {
    if (this.#isFaulty || this.#closing.signal.aborted) return;
    this.#isFaulty = true;
    this.#options.observe?.(problem);
  }
}
