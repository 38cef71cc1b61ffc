import type { Live, LiveCell, Section, SectionSource, Settings } from '@dure/core';
import { check, live, sectionDefault } from '@dure/core';
import type { Flags } from '@dure/flags';
import { flagsSection, openFlags } from '@dure/flags';
import { serviceErrors } from '../errors.ts';
import type { ServiceDefinition } from '../server/service.ts';
import { sectionsOf } from '../server/service-sections.ts';

/** A service's configuration in a test's hands. */
export interface TestConfig {
  readonly config: unknown;
  readonly live: Live<unknown>;
  readonly settings: Settings;
  readonly flags: Flags;
  /** Puts other values in place of all; they take effect at once. SERVICE_INPUT_INVALID when they do not fit, and nothing changes. */
  change(values: TestValues): void;
}

/** The service's own keys, and what stands at sections, by where they lie: `{ maxLines: 3, 'dure.flags': { … } }`. */
export type TestValues = Readonly<Record<string, unknown>>;

/**
 * Configures a service for a test, without files and servers.
 *
 * @example
 * const config = testConfig(orderService, { 'dure.flags': { expressDelivery: { value: true } } });
 * await using running = await startService(orderService, serviceParts(config));
 */
export function testConfig(definition: ServiceDefinition, values: TestValues = {}): TestConfig {
  const sections = sectionsOf(definition);
  const read = (given: TestValues) => {
    const isOwn = ([key]: readonly [string, unknown]) => !sections.some(({ at }) => at === key);
    const own = Object.fromEntries(Object.entries(given).filter(isOwn));
    return {
      own: definition.config === undefined ? {} : checkedBy(definition.config, own, ''),
      parts: new Map(sections.map((section) => [section.at, readValue(section, given[section.at])])),
    };
  };
  const first = read(values);
  const own = live(first.own);
  const cells = new Map([...first.parts].map(([at, value]): [string, LiveCell<unknown>] => [at, live(value)]));
  const settings = <T>(section: Section<T>): Live<T> => {
    const cell = cells.get(section.at) ?? live<unknown>(sectionDefault(section));
    cells.set(section.at, cell);
    return cell as Live<unknown> as Live<T>;
  };
  return {
    config: first.own,
    live: own,
    settings,
    flags: openFlags({ flags: definition.flags, rules: settings(flagsSection(definition.flags)) }),
    change(next) {
      const now = read(next);
      own.set(now.own);
      for (const [at, value] of now.parts) cells.get(at)?.set(value);
    },
  };
}

function readValue(section: Section, given: unknown): unknown {
  if (given === undefined) return sectionDefault(section);
  return 'read' in section
    ? section.read(given as readonly SectionSource[])
    : checkedBy(section.schema, given, section.at);
}

function checkedBy(schema: NonNullable<ServiceDefinition['config']>, value: unknown, at: string): unknown {
  const checked = check(schema, value, at);
  if (checked.ok) return checked.value;
  throw serviceErrors.INPUT_INVALID(
    `the configuration of the test does not fit: ${checked.errors.map(({ path, message }) => `${path}: ${message}`).join('; ')}`,
  );
}
