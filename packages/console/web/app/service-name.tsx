import type { JSX } from 'preact';
import type { HealthStatus } from '../../src/contract.ts';
import { useMessages } from './use-messages.ts';

const tones: Readonly<Record<HealthStatus, string>> = {
  UP: 'badge-good',
  DOWN: 'badge-bad',
  OFFLINE: 'badge-bad',
  OUT_OF_SERVICE: 'badge-warn',
  UNKNOWN: '',
};

/** A service's name with the colour that it has on every page. */
export function ServiceName({ service, colours }: ServiceNameProps): JSX.Element {
  return (
    <span class="service-name">
      <span class="service-colour" style={{ background: colours.get(service) ?? 'var(--line-strong)' }} />
      {service}
    </span>
  );
}

export interface ServiceNameProps {
  readonly service: string;
  readonly colours: ReadonlyMap<string, string>;
}

/** A health status in words and colour. */
export function StatusBadge({ status }: { readonly status: HealthStatus }): JSX.Element {
  const m = useMessages();
  return (
    <span class={`badge ${tones[status]}`}>
      <span class="dot" />
      {m.status[status]}
    </span>
  );
}
