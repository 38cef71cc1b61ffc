import type { Clock } from '@dure/core';
import type { RelayMark, RelayStore } from '../relay-store.port.ts';

/** The mark of a relay in memory, for tests; `from` is one that was kept, as in a backup. */
export function memoryRelayStore(
  clock: Clock,
  from: RelayMark = { position: 0, heads: {} },
): RelayStore & { readonly mark: RelayMark } {
  let mark = from;
  let turn = { owner: '', until: 0 };
  const isOthers = (owner: string) => turn.owner !== owner && turn.until > clock.now();
  return {
    get mark() {
      return mark;
    },
    async claim(owner, forMs) {
      if (isOthers(owner)) return undefined;
      turn = { owner, until: clock.now() + forMs };
      return mark;
    },
    async move(owner, moved, forMs) {
      if (turn.owner !== owner) return false;
      if (moved.position > mark.position) mark = structuredClone(moved);
      turn = { owner, until: clock.now() + forMs };
      return true;
    },
    async release(owner) {
      if (turn.owner === owner) turn = { owner: '', until: 0 };
    },
  };
}
