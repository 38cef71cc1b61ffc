import { coreErrors } from './errors.ts';
import type { Live } from './live.ts';
import type { Schema } from './schema.ts';
import { check } from './schema.ts';

/** One source of a configuration, as a section reads it that has a form of its own. */
export interface SectionSource {
  /** `gateway.yml`, as messages name it. */
  readonly file: string;
  readonly document: undefined;
  /** By flat key; `place` is `gateway.yml:3:9` where it is known. */
  readonly properties: ReadonlyMap<string, { readonly value: string | number | boolean; readonly place?: string }>;
}

/** A part of the configuration, beside a service's own keys, that has a schema. */
export interface SchemaSection<T> {
  /** The path at which its keys lie: `dure.admission`. All that is below is its own. */
  readonly at: string;
  /** Takes `{}`: what nobody configures has defaults. */
  readonly schema: Schema<unknown, T>;
  /** What stands there in a file for all may be for others: unknown names directly below `at` are no mistake there. */
  readonly isShared?: boolean;
}

/** A part of the configuration that is read from flat keys, such as the routes of a Spring Cloud Gateway. */
export interface ReadSection<T> {
  /** The path at which its keys lie. */
  readonly at: string;
  /** The highest source first. What it throws refuses the whole configuration; it changes nothing by itself. */
  readonly read: (sources: readonly SectionSource[]) => T;
}

/** A part of the configuration that something beside the service itself defines; services of any kind have several. */
export type Section<T = unknown> = SchemaSection<T> | ReadSection<T>;

/** Hands over a section's value, live. */
export type Settings = <T>(section: Section<T>) => Live<T>;

/** What holds where nobody has configured anything. */
export function sectionDefault<T>(section: Section<T>): T {
  if ('read' in section) return section.read([]);
  const checked = check(section.schema, {}, section.at);
  if (checked.ok) return checked.value;
  throw coreErrors.INVARIANT(
    `the section "${section.at}" of the configuration does not take {}: ${checked.errors.map(({ message }) => message).join('; ')}`,
    { details: { at: section.at } },
  );
}
