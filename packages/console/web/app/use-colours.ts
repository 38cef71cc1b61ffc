import { createContext } from 'preact';
import { useContext, useMemo } from 'preact/hooks';
import { serviceColours } from './service-colours.ts';

/** The services that the console knows of, so that each has one colour on every page. */
export const KnownServices = createContext<readonly string[]>([]);

/** The colours of the known services and of those that a page shows besides. */
export function useColours(shown: readonly string[]): ReadonlyMap<string, string> {
  const known = useContext(KnownServices);
  const names = [...known, ...shown].join('\n');
  return useMemo(() => serviceColours(names === '' ? [] : names.split('\n')), [names]);
}
