import { isDeepStrictEqual } from 'node:util';
import type { ContractBreak, ContractShape, ContractShapes } from '@dure/service/compatibility';
import { contractBreaks } from '@dure/service/compatibility';

/** Contracts as they are, compared with those that were written down. */
export interface ContractCheck {
  /** What somebody would no longer understand, one line each. */
  readonly breaks: readonly string[];
  /** The parts that differ from what was written down, breaking or not: `event "order.placed" of order`. */
  readonly changes: readonly string[];
}

/** Compares the contracts of a system with those that were written down. */
export function checkContracts(before: ContractShapes, now: ContractShapes): ContractCheck {
  const services = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  return {
    breaks: contractBreaks(before, now).map(lineOf),
    changes: services.flatMap((service) => changesOf(service, before[service] ?? {}, now[service] ?? {})),
  };
}

function lineOf({ service, part, name, place, text, fix, users }: ContractBreak): string {
  const where = `${part} "${name}" of ${service}${place === '' ? '' : `, ${place}`}`;
  const broken = users.length === 0 ? 'nobody in this system uses it yet' : `it breaks ${users.join(', ')}`;
  return `${where}: ${text}; ${broken}; ${fix}`;
}

const parts = { event: 'events', command: 'commands', operation: 'operations' } as const;

function changesOf(service: string, before: ContractShape, now: ContractShape): readonly string[] {
  return Object.entries(parts).flatMap(([part, key]) => {
    const [old = {}, present = {}] = [before[key], now[key]];
    return [...new Set([...Object.keys(old), ...Object.keys(present)])]
      .sort()
      .filter((name) => !isDeepStrictEqual(old[name], present[name]))
      .map((name) => `${part} "${name}" of ${service}`);
  });
}
