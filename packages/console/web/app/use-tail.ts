import { useEffect, useState } from 'preact/hooks';
import type { LogLine } from '../../src/contract.ts';
import { followEvents } from '../design/transport.ts';
import type { LogFilters } from './api.ts';
import { tailPath } from './api.ts';

const mostLines = 500;

/** Lines that arrived since following began (the newest 500), and how the connection fares. */
export interface Tail {
  readonly lines: readonly LogLine[];
  readonly state: 'idle' | 'open' | 'lost' | 'over';
}

/** Follows new log lines while `live`; what arrived stays in view when following stops. */
export function useTail(filters: LogFilters, live: boolean): Tail {
  const [lines, setLines] = useState<readonly LogLine[]>([]);
  const [state, setState] = useState<Tail['state']>('idle');
  const path = tailPath(filters);
  useEffect(() => {
    if (!live) {
      setState('idle');
      return undefined;
    }
    return followEvents(path, [], {
      opened: () => setState('open'),
      received: (line) => setLines((last) => [line as LogLine, ...last].slice(0, mostLines)),
      lost: (gaveUp) => setState(gaveUp ? 'over' : 'lost'),
    });
  }, [path, live]);
  return { lines, state };
}
