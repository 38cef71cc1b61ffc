import { messagingErrors } from '../errors.ts';

/** Where a process dies: at which of all the calls that it makes of its ports, before it is made, or behind it, when its answer is not heard any more. */
export interface Death {
  readonly at: number;
  readonly moment: 'before' | 'after';
}

/** A process that dies in the middle of a call, as by `kill -9`: what it had begun has happened or not, and nothing more comes of it. */
export interface MortalProcess {
  /** Whether it has died. */
  readonly dead: boolean;
  /** What it died at: `publish`. */
  readonly diedAt: string | undefined;
  /** Calls that were made, by name. */
  readonly calls: ReadonlyMap<string, number>;
  /** Makes a call; that of a dead process is not made, and never answered. */
  call<T>(name: string, make: () => Promise<T>): Promise<T>;
  /** A port all of whose functions are such calls. */
  port<T extends object>(name: string, port: T): T;
  /** The same where a dead one must let go, because whoever called it goes on: it throws. */
  inside<T>(name: string, make: () => Promise<T>): Promise<T>;
  /** Told when it dies. */
  onDeath(tell: () => void): void;
}

/** Starts one. */
export function mortalProcess(death?: Death): MortalProcess {
  const calls = new Map<string, number>();
  const mourners: (() => void)[] = [];
  let made = 0;
  let diedAt: string | undefined;
  const die = (name: string) => {
    diedAt = name;
    for (const tell of mourners) tell();
  };
  /** Makes the call where there is still somebody; undefined where nobody is left to have the answer. */
  const attempt = async <T>(name: string, make: () => Promise<T>): Promise<{ readonly value: T } | undefined> => {
    if (diedAt !== undefined) return undefined;
    made += 1;
    calls.set(name, (calls.get(name) ?? 0) + 1);
    const isHere = made === death?.at;
    if (isHere && death.moment === 'before') {
      die(name);
      return undefined;
    }
    try {
      const value = await make();
      if (isHere && diedAt === undefined) die(name);
      return diedAt === undefined ? { value } : undefined;
    } catch (error) {
      if (isHere && diedAt === undefined) die(name);
      if (diedAt === undefined) throw error;
      return undefined;
    }
  };
  const call = async <T>(name: string, make: () => Promise<T>): Promise<T> => {
    const answer = await attempt(name, make);
    return answer === undefined ? new Promise<T>(() => undefined) : answer.value;
  };
  return {
    get dead() {
      return diedAt !== undefined;
    },
    get diedAt() {
      return diedAt;
    },
    calls,
    call,
    async inside(name, make) {
      const answer = await attempt(name, make);
      if (answer === undefined) throw messagingErrors.BROKER_UNAVAILABLE(`the process has died at ${diedAt}`);
      return answer.value;
    },
    port(name, port) {
      return new Proxy(port, {
        get(target, key) {
          const value: unknown = Reflect.get(target, key, target);
          if (typeof value !== 'function') return value;
          return (...args: readonly unknown[]) =>
            call(`${name}.${String(key)}`, async () => Reflect.apply(value, target, args));
        },
      });
    },
    onDeath: (tell) => void mourners.push(tell),
  };
}
