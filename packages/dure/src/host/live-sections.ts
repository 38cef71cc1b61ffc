import type { Live, LiveCell, Section, Settings } from '@dure/core';
import { live, sectionDefault } from '@dure/core';
import type { ServiceDefinition } from '@dure/service/server';
import type { ServiceSections, ServiceWatch } from './service-sections.ts';
import { hostedSections, limitsAt, ownSection } from './service-sections.ts';

/** A service's configuration, section by section, as whoever uses it follows it. */
export interface LiveSections {
  /** Who asks for it follows it: a change for somebody who does not waits for the next start. */
  readonly own: Live<unknown>;
  readonly isFollowed: boolean;
  readonly limits: Live<unknown>;
  readonly settings: Settings;
  /** Takes over what a watch has read, and follows it. */
  take(watch: ServiceWatch): void;
}

/** Live sections with what holds as long as nobody has read anything. */
export function liveSections(definition: ServiceDefinition): LiveSections {
  const cells = new Map<string, LiveCell<unknown>>([
    [ownSection, live<unknown>({})],
    [limitsAt, live<unknown>(undefined)],
    ...hostedSections(definition).map((section): [string, LiveCell<unknown>] => [
      section.at,
      live(sectionDefault(section)),
    ]),
  ]);
  const cell = (name: string): LiveCell<unknown> => {
    const known = cells.get(name) ?? live<unknown>(undefined);
    cells.set(name, known);
    return known;
  };
  const own = cell(ownSection);
  let isFollowed = false;
  return {
    get own() {
      isFollowed = true;
      return own;
    },
    get isFollowed() {
      return isFollowed;
    },
    limits: cell(limitsAt),
    settings<T>(section: Section<T>) {
      if (!cells.has(section.at)) cells.set(section.at, live<unknown>(sectionDefault(section)));
      return cell(section.at) as Live<unknown> as Live<T>;
    },
    take(watch) {
      const set = (names: Iterable<string>, values: Readonly<Record<keyof ServiceSections, unknown>>) => {
        const failures: unknown[] = [];
        for (const name of names) {
          try {
            cell(name).set(values[name]);
          } catch (error) {
            failures.push(error);
          }
        }
        if (failures.length > 0) throw failures[0];
      };
      set(Object.keys(watch.current.values), watch.current.values);
      watch.onChange(({ sections, values }) => set(sections, values));
    },
  };
}
