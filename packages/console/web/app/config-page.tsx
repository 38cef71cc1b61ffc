import type { JSX } from 'preact';
import type { ConfigChangesView } from '../../src/config-contract.ts';
import { navigate, usePlace } from '../design/navigation.tsx';
import { Empty, Note, Skeleton } from '../design/notices.tsx';
import { queryString } from '../design/router.ts';
import { useEvery } from '../design/use-every.ts';
import { useResource } from '../design/use-resource.ts';
import { getConfigChanges, getServiceConfig, listServices } from './api.ts';
import type { ConfigFilters } from './config-filter-form.tsx';
import { ConfigFilterForm } from './config-filter-form.tsx';
import { ConfigKeys } from './config-keys.tsx';
import { ConfigVersions } from './config-versions.tsx';
import { PageHead } from './page-head.tsx';
import { ProblemView } from './problem-view.tsx';
import { useMessages } from './use-messages.ts';

const refreshMs = 2_000;

/** What each service is configured with, from where, in which version, and how another environment differs. */
export function ConfigPage(): JSX.Element {
  const m = useMessages();
  const { query } = usePlace();
  const services = useResource('services', listServices);
  const changes = useResource('changes', getConfigChanges);
  useEvery(changes.failure?.kind === 'problem' ? undefined : refreshMs, changes.reload);
  const names = services.value?.services.filter(({ instances }) => instances.length > 0).map(({ service }) => service);
  const filters: ConfigFilters = {
    service: query.get('service') ?? preferred(names),
    against: query.get('against') ?? undefined,
    text: query.get('text') ?? undefined,
    onlyDifferent: query.get('different') === 'true',
  };
  const go = ({ onlyDifferent, ...rest }: ConfigFilters) =>
    navigate(`/config${queryString({ ...rest, different: onlyDifferent })}`, { replace: true });
  return (
    <>
      <PageHead title={m.configuration}>
        <p class="page-sub" role="status">
          {changes.value === undefined ? null : sentence(m, changes.value)}
        </p>
      </PageHead>
      {changes.failure === undefined ? null : <ProblemView failure={changes.failure} retry={changes.reload} />}
      {changes.value === undefined ? null : <Changes changes={changes.value} />}
      <ConfigFilterForm key={queryString({ ...filters })} filters={filters} services={names} apply={go} />
      {filters.service === undefined ? null : (
        <ServiceConfig service={filters.service} filters={filters} changes={changes.value} />
      )}
    </>
  );
}

/** The page opens with a service that people think of first. */
function preferred(names: readonly string[] | undefined): string | undefined {
  return names?.includes('order') === true ? 'order' : names?.[0];
}

function sentence(m: ReturnType<typeof useMessages>, { isKnown, instances, changes }: ConfigChangesView): string {
  if (!isKnown) return m.configServerAway;
  return changes.length === 0 ? m.configSettled(instances.length) : m.configUnderWay(changes.length);
}

/** Changes that are being judged, tried out or held. */
function Changes({ changes: { changes } }: { readonly changes: ConfigChangesView }): JSX.Element {
  const m = useMessages();
  return (
    <>
      {changes.map(({ state, targets, canaries, reason }) => (
        <Note key={targets.map(({ to }) => to).join()} tone={state === 'held' ? 'bad' : 'info'}>
          <strong>{m.changeState[state]}</strong>
          <p>{targets.map(({ target, from, to }) => `${target}: ${from} → ${to}`).join(', ')}</p>
          {state === 'trying' ? <p>{m.triedBy(canaries.join(', '))}</p> : null}
          {reason === undefined ? null : <pre class="config-reason">{reason}</pre>}
        </Note>
      ))}
    </>
  );
}

function ServiceConfig({ service, filters, changes }: ServiceConfigProps): JSX.Element {
  const m = useMessages();
  const { against } = filters;
  const config = useResource(`${service} ${against ?? ''}`, (signal) => getServiceConfig(service, against, signal));
  useEvery(config.failure?.kind === 'problem' ? undefined : refreshMs, config.reload);
  const { value } = config;
  if (value === undefined)
    return config.failure === undefined ? (
      <Skeleton rows={10} />
    ) : (
      <ProblemView failure={config.failure} retry={config.reload} />
    );
  if (value.instance === undefined)
    return (
      <Empty icon="search" title={m.configSilent(service)}>
        <p>{m.configSilentHint}</p>
      </Empty>
    );
  return (
    <div class="board">
      {value.refused === undefined ? null : (
        <Note tone="bad">
          <strong>{m.configRefused}</strong>
          <pre class="config-reason">{value.refused.message}</pre>
        </Note>
      )}
      {value.warnings.map((warning) => (
        <Note key={warning} tone="warn">
          {warning}
        </Note>
      ))}
      <ConfigKeys config={value} filters={filters} />
      {changes === undefined ? null : <ConfigVersions service={service} changes={changes} />}
    </div>
  );
}

interface ServiceConfigProps {
  readonly service: string;
  readonly filters: ConfigFilters;
  readonly changes: (ConfigChangesView & { readonly now: number }) | undefined;
}
