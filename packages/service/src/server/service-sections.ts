import type { Section, Settings } from '@dure/core';
import { flagsSection } from '@dure/flags';
import type { LogLevels, LogSettings } from '@dure/telemetry';
import { logSection, springLogSection } from '@dure/telemetry';
import { admissionSection } from './admission-section.ts';
import type { ServiceDefinition } from './service.ts';

/** The parts of the configuration that a service heeds beside its own keys; whoever runs it hands them over by `settings`. */
export function sectionsOf({ admission, flags, sections }: ServiceDefinition): readonly Section[] {
  return [
    logSection,
    springLogSection,
    ...(admission === 'off' ? [] : [admissionSection(admission)]),
    ...(flags.length === 0 ? [] : [flagsSection(flags)]),
    ...sections,
  ];
}

/** Lets loggers follow `dure.log` and, below it, `logging.level`. The result ends that. */
export function followLogLevels(settings: Settings, levels: LogLevels): () => void {
  const own = settings(logSection);
  const spring = settings(springLogSection);
  const apply = () => levels.configure(merged(own.current, spring.current));
  apply();
  const ends = [own.onChange(apply), spring.onChange(apply)];
  return () => {
    for (const end of ends) end();
  };
}

function merged(own: LogSettings, spring: LogSettings): LogSettings {
  return { level: own.level ?? spring.level, levels: { ...spring.levels, ...own.levels } };
}
