import type { Clock, ManagementEndpoint, ManagementResponse, Random } from '@dure/core';
import { seededRandom } from '@dure/core';

/** What is broken on purpose in a process, for a while. It mends by itself, also when whoever ordered it has gone. */
export type FaultOrder = (
  | {
      /** Its wall clock jumps; PostgreSQL's does not. */
      readonly do: 'clock';
      readonly skewMs: number;
    }
  /** The broker cannot be reached. */
  | { readonly do: 'broker' }
  | {
      /** That share of the messages comes twice, or late, behind others. */
      readonly do: 'messages';
      readonly share: number;
      readonly seed: number;
    }
) & { readonly forMs: number };

/** How messages are disordered at the moment. */
export interface Disorder {
  readonly share: number;
  readonly random: Random;
}

/** The faults of one process. There are none in production, and nobody can order one. */
export interface Faults {
  /** The process's clock. */
  readonly clock: Clock;
  readonly isCut: () => boolean;
  readonly disorder: () => Disorder | undefined;
  /** `/actuator/faults`: `POST` a `FaultOrder`; `GET` shows what is broken. */
  readonly endpoint: ManagementEndpoint;
}

const longestMs = 60_000;

/** A process in which nothing is broken yet. */
export function faults(clock: Clock): Faults {
  const orders = new Map<FaultOrder['do'], { readonly order: FaultOrder; readonly endsAtMs: number }>();
  const disorders = new WeakMap<FaultOrder, Disorder>();
  const current = <Kind extends FaultOrder['do']>(kind: Kind) => {
    const known = orders.get(kind);
    if (known === undefined || known.endsAtMs <= clock.monotonicMs()) return undefined;
    return known.order as Extract<FaultOrder, { readonly do: Kind }>;
  };
  const take = (order: FaultOrder) => {
    if (order.do === 'messages') disorders.set(order, { share: order.share, random: seededRandom(order.seed) });
    orders.set(order.do, { order, endsAtMs: clock.monotonicMs() + order.forMs });
  };
  return {
    clock: { ...clock, now: () => clock.now() + (current('clock')?.skewMs ?? 0) },
    isCut: () => current('broker') !== undefined,
    disorder: () => {
      const order = current('messages');
      return order && disorders.get(order);
    },
    endpoint: {
      id: 'faults',
      async handle({ method, path, body }): Promise<ManagementResponse> {
        if (path.length > 0) return { status: 404 };
        if (method === 'GET')
          return { status: 200, body: { faults: [...orders.keys()].flatMap((kind) => current(kind) ?? []) } };
        if (method !== 'POST') return { status: 405, allow: 'GET, POST' };
        const order = (body ?? {}) as Partial<FaultOrder>;
        if (!isOrder(order)) return { status: 400, detail: usage };
        take(order);
        return { status: 204 };
      },
    },
  };
}

const usage = `say { "do": "clock", "skewMs": … }, { "do": "broker" } or { "do": "messages", "share": 0…1, "seed": … }, each with "forMs" up to ${longestMs}`;

function isOrder(order: Partial<FaultOrder>): order is FaultOrder {
  const { forMs = 0 } = order;
  if (!Number.isSafeInteger(forMs) || forMs < 1 || forMs > longestMs) return false;
  switch (order.do) {
    case 'clock':
      return Number.isSafeInteger(order.skewMs);
    case 'broker':
      return true;
    case 'messages':
      return (
        Number.isSafeInteger(order.seed) && typeof order.share === 'number' && order.share >= 0 && order.share <= 1
      );
    default:
      return false;
  }
}
