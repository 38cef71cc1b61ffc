import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { OverviewView, ServiceTrafficView, ServiceView } from '../../src/contract.ts';
import { formatDuration, formatRate, formatRatio } from '../design/format.ts';
import { Icon } from '../design/icons.tsx';
import { Link } from '../design/navigation.tsx';
import { queryString } from '../design/router.ts';
import { usePreferences } from '../design/use-preferences.ts';
import { ServiceDetail } from './service-detail.tsx';
import { ServiceName, StatusBadge } from './service-name.tsx';
import { Sparkline } from './sparkline.tsx';
import { useMessages } from './use-messages.ts';

/** The services, one a row; each row opens to its instances and operations. */
export function ServiceTable({ services, overview, now, colours }: ServiceTableProps): JSX.Element {
  const m = useMessages();
  const [open, setOpen] = useState<string | undefined>(undefined);
  return (
    <section class="panel" aria-label={m.services}>
      <table class="services">
        <thead class="services-head">
          <tr>
            <th scope="col">{m.service}</th>
            <th scope="col">{m.health}</th>
            <th scope="col">{m.traffic}</th>
            <th scope="col" class="right">
              {m.requestRate}
            </th>
            <th scope="col" class="right">
              {m.errorRatio}
            </th>
            <th scope="col" class="right">
              {m.p95}
            </th>
            <th scope="col">
              <span class="hidden">
                {m.traces}, {m.logs}
              </span>
            </th>
          </tr>
        </thead>
        <tbody>
          {services.map((view) => {
            const traffic = overview?.services.find(({ service }) => service === view.service);
            const isOpen = open === view.service;
            return [
              <ServiceRow
                key={view.service}
                view={view}
                traffic={traffic}
                colours={colours}
                open={isOpen}
                toggle={() => setOpen(isOpen ? undefined : view.service)}
              />,
              isOpen ? (
                <tr key={`${view.service} detail`} class="service-detail-row">
                  <td colSpan={7} id={`detail-${view.service}`}>
                    <ServiceDetail view={view} traffic={traffic} now={now} />
                  </td>
                </tr>
              ) : null,
            ];
          })}
        </tbody>
      </table>
    </section>
  );
}

export interface ServiceTableProps {
  readonly services: readonly ServiceView[];
  readonly overview: OverviewView | undefined;
  readonly now: number;
  readonly colours: ReadonlyMap<string, string>;
}

function ServiceRow({ view, traffic, colours, open, toggle }: ServiceRowProps): JSX.Element {
  const m = useMessages();
  const { language } = usePreferences();
  const { service, status, instances, expected } = view;
  const { requests, ratePerSecond, errorRatio, errors, p95Ms } = traffic ?? view.traffic;
  const quiet = requests === 0;
  return (
    <tr class={open ? 'service-row is-open' : 'service-row'}>
      <th scope="row">
        <button
          type="button"
          class="service-toggle"
          aria-expanded={open}
          aria-controls={`detail-${service}`}
          onClick={toggle}
        >
          <Icon name={open ? 'down' : 'right'} size={14} />
          <ServiceName service={service} colours={colours} />
          <span class="hidden">{m.showInstances(service)}</span>
        </button>
        <span class="service-sub">
          {instances.length > 0 ? m.instances(instances.length) : m.notRegistered}
          {expected ? null : ` · ${m.observed}`}
        </span>
      </th>
      <td>
        <StatusBadge status={status} />
      </td>
      <td class="spark-cell">
        <Sparkline series={traffic?.series ?? []} />
      </td>
      <td class="right numeric" data-label={m.requestRate}>
        {quiet ? <span class="faint">–</span> : formatRate(ratePerSecond, language)}
      </td>
      <td class={`right numeric ${errors > 0 ? 'is-bad' : ''}`} data-label={m.errorRatio}>
        {quiet ? <span class="faint">–</span> : formatRatio(errorRatio, language)}
      </td>
      <td class="right numeric" data-label={m.p95}>
        {p95Ms === undefined ? <span class="faint">–</span> : formatDuration(p95Ms)}
      </td>
      <td class="row-links">
        <Link
          to={`/traces${queryString({ service })}`}
          class="button button-quiet button-small"
          aria-label={`${service}: ${m.traces}`}
        >
          <Icon name="traces" size={16} />
        </Link>
        <Link
          to={`/logs${queryString({ service })}`}
          class="button button-quiet button-small"
          aria-label={`${service}: ${m.logs}`}
        >
          <Icon name="logs" size={16} />
        </Link>
      </td>
    </tr>
  );
}

interface ServiceRowProps {
  readonly view: ServiceView;
  readonly traffic: ServiceTrafficView | undefined;
  readonly colours: ReadonlyMap<string, string>;
  readonly open: boolean;
  readonly toggle: () => void;
}
