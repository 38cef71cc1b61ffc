import type { JSX } from 'preact';
import type { InstanceView, ServiceTrafficView, ServiceView } from '../../src/contract.ts';
import { formatAgo, formatDuration, formatNumber, formatRatio } from '../design/format.ts';
import { Link } from '../design/navigation.tsx';
import { queryString } from '../design/router.ts';
import { usePreferences } from '../design/use-preferences.ts';
import { StatusBadge } from './service-name.tsx';
import { useMessages } from './use-messages.ts';

/** The instances of a service with the parts of their health, and what its operations did of late. */
export function ServiceDetail({ view, traffic, now }: ServiceDetailProps): JSX.Element {
  const m = useMessages();
  return (
    <div class="service-detail">
      <ul class="instances">
        {view.instances.map((instance) => (
          <li key={instance.id}>
            <Instance instance={instance} now={now} />
          </li>
        ))}
        {view.instances.length === 0 ? <li class="faint">{m.notRegistered}</li> : null}
      </ul>
      {traffic === undefined || traffic.operations.length === 0 ? (
        <p class="faint">{m.noTraffic}</p>
      ) : (
        <Operations traffic={traffic} />
      )}
    </div>
  );
}

export interface ServiceDetailProps {
  readonly view: ServiceView;
  readonly traffic: ServiceTrafficView | undefined;
  readonly now: number;
}

function Instance({ instance, now }: { readonly instance: InstanceView; readonly now: number }): JSX.Element {
  const m = useMessages();
  const { language } = usePreferences();
  const { process } = instance;
  const facts: readonly (readonly [string, string | undefined])[] = [
    [m.address, `${instance.host}:${instance.port}`],
    [m.version, instance.metadata.version],
    [
      m.memory,
      process?.residentBytes === undefined ? undefined : `${formatNumber(process.residentBytes / 1e6, language)} MB`,
    ],
    [m.cpu, process?.cpuRatio === undefined ? undefined : formatRatio(process.cpuRatio, language)],
    [m.upSince, process?.startedAt === undefined ? undefined : formatAgo(process.startedAt, now, language)],
  ];
  return (
    <div class="instance">
      <div class="instance-head">
        <code>{instance.id}</code>
        <StatusBadge status={instance.status} />
      </div>
      <dl class="facts">
        {facts.map(([name, value]) =>
          value === undefined ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd class="numeric">{value}</dd>
            </div>
          ),
        )}
      </dl>
      {instance.parts.length === 0 ? null : (
        <ul class="health-parts" aria-label={m.health}>
          {instance.parts.map(({ name, status }) => (
            <li key={name} class={`badge ${status === 'UP' ? 'badge-good' : 'badge-bad'}`}>
              {name}
              {status === 'UP' ? null : `: ${m.status[status]}`}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Operations({ traffic }: { readonly traffic: ServiceTrafficView }): JSX.Element {
  const m = useMessages();
  const { language } = usePreferences();
  return (
    <table class="operations">
      <thead>
        <tr>
          <th scope="col">{m.operation}</th>
          <th scope="col" class="right">
            {m.requestRate}
          </th>
          <th scope="col" class="right">
            {m.errorRatio}
          </th>
          <th scope="col" class="right">
            {m.p50}
          </th>
          <th scope="col" class="right">
            {m.p95}
          </th>
        </tr>
      </thead>
      <tbody>
        {traffic.operations.map(({ operation, requests, errors, errorRatio, p50Ms, p95Ms }) => (
          <tr key={operation}>
            <th scope="row">
              <Link to={`/traces${queryString({ service: traffic.service, operation })}`}>{operation}</Link>
            </th>
            <td class="right numeric">{formatNumber(requests, language)}</td>
            <td class={`right numeric ${errors > 0 ? 'is-bad' : ''}`}>{formatRatio(errorRatio, language)}</td>
            <td class="right numeric">{p50Ms === undefined ? '–' : formatDuration(p50Ms)}</td>
            <td class="right numeric">{p95Ms === undefined ? '–' : formatDuration(p95Ms)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
