import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Clock } from '@dure/core';
import type { Applications, Variant } from './encode-json.ts';
import { applicationsJson } from './encode-json.ts';
import { applicationsXml } from './encode-xml.ts';
import type { Entry } from './instance-info.ts';
import type { InstanceRegistry } from './instance-registry.ts';

const compress = promisify(gzip);
/** Renewals change nothing but a time stamp, so they do not end a payload's life; this does. */
const freshMs = 30_000;

interface Payload {
  readonly version: number;
  readonly madeAt: number;
  readonly text: string;
  zipped?: Promise<Uint8Array>;
}

/** The two big answers, the whole registry and the delta, encoded once per change instead of once per poll. */
export class Payloads {
  readonly #registry: InstanceRegistry;
  readonly #clock: Clock;
  readonly #made = new Map<string, Payload>();
  #deltas = 0;

  constructor(registry: InstanceRegistry, clock: Clock) {
    this.#registry = registry;
    this.#clock = clock;
  }

  async get(
    what: 'full' | 'delta',
    format: 'json' | 'xml',
    variant: Variant,
    zip: boolean,
  ): Promise<string | Uint8Array> {
    const key = `${what} ${format} ${variant}`;
    let payload = this.#made.get(key);
    if (payload === undefined || !this.#isFresh(payload)) {
      const applications = this.#collect(what);
      const text = format === 'json' ? applicationsJson(applications, variant) : applicationsXml(applications, variant);
      payload = { version: this.#registry.version, madeAt: this.#clock.monotonicMs(), text };
      this.#made.set(key, payload);
    }
    if (!zip) return payload.text;
    payload.zipped ??= compress(payload.text);
    return payload.zipped;
  }

  #isFresh(payload: Payload): boolean {
    return payload.version === this.#registry.version && this.#clock.monotonicMs() - payload.madeAt < freshMs;
  }

  #collect(what: 'full' | 'delta'): Applications {
    const entries = what === 'full' ? this.#registry.all() : this.#registry.recent();
    if (what === 'delta') this.#deltas += 1;
    return applicationsOf(entries, what === 'full' ? 1 : this.#deltas, this.#registry.hash());
  }
}

/** Groups instances by application. */
export function applicationsOf(entries: readonly Entry[], version: number, hash: string): Applications {
  const applications = [...Map.groupBy(entries, ({ info }) => info.app)].map(([name, of]) => ({ name, entries: of }));
  return { version, hash, applications };
}
