import type { ChangedKey, ConfigEvent } from '@dure/config/client';
import { messageOf } from '@dure/core';
import type { Telemetry } from '@dure/telemetry';
import type { ServiceWatch } from './service-sections.ts';
import { isOwnKey, limitName } from './service-sections.ts';

/** Says in the log what of a configuration changed, and what waits for the next start. */
export function tellChanges(watch: ServiceWatch, log: Telemetry['log'], isFollowed: () => boolean): void {
  watch.onChange(({ keys }) => {
    const limits = keys.filter(({ key }) => limitName(key) !== undefined);
    const others = keys.filter(({ key }) => limitName(key) === undefined);
    const waiting = isFollowed() ? [] : others.filter(({ key }) => isOwnKey(key, watch));
    const taken = others.filter((key) => !waiting.includes(key));
    if (limits.length > 0) log.info(`limits changed: ${limits.map(described).join(', ')}`);
    if (taken.length > 0) log.info(`the configuration changed: ${taken.map(described).join(', ')}`);
    if (waiting.length > 0)
      log.info(`the configuration changed; the next start takes it up: ${waiting.map(({ key }) => key).join(', ')}`);
  });
}

function described({ key, before = 'none', after = 'none' }: ChangedKey): string {
  return `${limitName(key) ?? key} ${String(before)} → ${String(after)}`;
}

/** Says in the log what did not become a change. */
export function tellEvents(log: Telemetry['log']): (event: ConfigEvent) => void {
  return (event) => {
    switch (event.kind) {
      case 'refused':
        return log.warn(`a change of configuration was refused, what held before holds on: ${messageOf(event.error)}`);
      case 'unread':
        return log.warn(`the configuration could not be read again, nothing changes: ${messageOf(event.error)}`);
      case 'warned':
        return log.warn(event.warning);
      case 'failed':
        return log.error(`a change of configuration was not taken up: ${messageOf(event.error)}`);
      default:
        return event satisfies never;
    }
  };
}
