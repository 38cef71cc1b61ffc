import type { ConfigSource, OverrideOrigin } from '@dure/config/client';
import { overrides } from '@dure/config/client';
import { dureErrors } from '../errors.ts';
import type { ServiceWatch } from './service-sections.ts';
import { isOwnKey } from './service-sections.ts';

/** The layer of what is set at run time, called as in Spring Cloud. */
export const runtimeLayer = 'manager';

/** As Spring Boot masks. */
export const mask = '******';

const byBus: OverrideOrigin = { name: 'busenv', isShared: true };
const byHand: OverrideOrigin = { name: 'env', isShared: false };

/** Values that are set while a service runs, above all that it is configured with, until its process ends. */
export interface RuntimeValues {
  readonly source: ConfigSource;
  /** What the values are checked by, from now on; `isFollowed` tells whether the service takes up its own keys while it runs. */
  begin(watch: () => ServiceWatch | undefined, isFollowed: () => boolean): void;
  /** What several services were told to set: those of others are ignored, and what does not fit is taken back. CONFIG_INVALID. */
  setAll(values: Readonly<Record<string, string>>): Promise<void>;
  /** Sets one value of this service, and answers what is shown of it. CONFIG_INVALID, DURE_VALUE_REFUSED. */
  set(key: string, value: string): Promise<unknown>;
  /** Removes all values, and answers what is shown of them. CONFIG_INVALID when it cannot be without one. */
  clear(): Promise<Readonly<Record<string, unknown>>>;
}

/** One change after the other: one that does not fit must not be there when the next is judged. */
export function runtimeValues(): RuntimeValues {
  const set = overrides(runtimeLayer);
  let watch: () => ServiceWatch | undefined = () => undefined;
  let isFollowed = () => false;
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work, work);
    last = turn.catch(() => undefined);
    return turn;
  };
  const checked = async (takeBack: () => void, demand: () => void = () => undefined) => {
    try {
      await watch()?.refresh();
      demand();
    } catch (error) {
      takeBack();
      // Without it the refusal would be shown until the next reading.
      await watch()
        ?.refresh()
        .catch(() => undefined);
      throw error;
    }
  };
  const explained = (key: string) => explainedAt(set.current.get(key)?.place, watch());
  const demandEffect = (key: string) => {
    const found = explained(key);
    if (found === undefined) throw dureErrors.VALUE_REFUSED(`no schema of this service knows the key "${key}"`);
    const now = watch();
    if (now !== undefined && isOwnKey(found.key, now) && !isFollowed())
      throw dureErrors.VALUE_REFUSED(
        `this service reads "${found.key}" at its start alone, and what is set here ends with its process; set it where its configuration lies`,
      );
  };
  const shown = (key: string) => {
    const value = explained(key)?.value ?? '***';
    return value === '***' ? mask : value;
  };
  return {
    source: set.source,
    begin(running, follows) {
      watch = running;
      isFollowed = follows;
    },
    setAll: (values) => inTurn(() => checked(set.set(values, byBus))),
    set: (key, value) =>
      inTurn(async () => {
        await checked(set.set({ [key]: value }, byHand), () => demandEffect(key));
        return shown(key);
      }),
    clear: () =>
      inTurn(async () => {
        const removed = Object.fromEntries([...set.current.keys()].map((key) => [key, shown(key)]));
        await checked(set.clear());
        return removed;
      }),
  };
}

/** The key, and the value of it, that stands at a place of the run-time layer. */
function explainedAt(wanted: string | undefined, watch: ServiceWatch | undefined) {
  for (const { key, overrides: others, ...winner } of watch?.current.explain() ?? [])
    for (const { layer, place, value } of [winner, ...others])
      if (layer === runtimeLayer && place === wanted) return { key, value };
  return undefined;
}
