import type { JSX } from 'preact';
import { Mark, Wordmark } from '../design/brand.tsx';
import { LanguageButton, SkipLink, ThemeButton } from '../design/controls.tsx';
import type { IconName } from '../design/icons.tsx';
import { Icon } from '../design/icons.tsx';
import { Link, usePlace } from '../design/navigation.tsx';
import { Empty } from '../design/notices.tsx';
import type { PageRoute, PathParameters } from '../design/router.ts';
import { matchPage } from '../design/router.ts';
import { usePreferences } from '../design/use-preferences.ts';
import { useResource } from '../design/use-resource.ts';
import { listServices } from './api.ts';
import { ConfigPage } from './config-page.tsx';
import { LogsPage } from './logs-page.tsx';
import { PageHead } from './page-head.tsx';
import { ParkedKeyPage } from './parked-key-page.tsx';
import { ParkedPage } from './parked-page.tsx';
import { SagaPage } from './saga-page.tsx';
import { SagasPage } from './sagas-page.tsx';
import { ServicesPage } from './services-page.tsx';
import { TracePage } from './trace-page.tsx';
import { TracesPage } from './traces-page.tsx';
import { KnownServices } from './use-colours.ts';
import { useMessages } from './use-messages.ts';

type Page = (parameters: PathParameters) => JSX.Element;

const routes: readonly PageRoute<Page>[] = [
  { path: '/', page: () => <ServicesPage /> },
  { path: '/traces', page: () => <TracesPage /> },
  { path: '/traces/:traceId', page: ({ traceId = '' }) => <TracePage traceId={traceId} /> },
  { path: '/sagas', page: () => <SagasPage /> },
  { path: '/sagas/:service/:id', page: ({ service = '', id = '' }) => <SagaPage service={service} id={id} /> },
  { path: '/parked', page: () => <ParkedPage /> },
  { path: '/parked/:service', page: ({ service = '' }) => <ParkedKeyPage service={service} /> },
  { path: '/logs', page: () => <LogsPage /> },
  { path: '/config', page: () => <ConfigPage /> },
];

/** The frame of every page: brand, navigation, preferences. */
export function App(): JSX.Element {
  const { path } = usePlace();
  const match = matchPage(routes, path);
  const known = useResource('services', listServices);
  return (
    <KnownServices.Provider value={known.value?.services.map(({ service }) => service) ?? []}>
      <SkipLink />
      <div class="frame">
        <Rail path={path} />
        <main id="main" class="main" tabIndex={-1}>
          {match === undefined ? <NotFound /> : match.page(match.parameters)}
        </main>
      </div>
    </KnownServices.Provider>
  );
}

function Rail({ path }: { readonly path: string }): JSX.Element {
  const m = useMessages();
  const { language } = usePreferences();
  return (
    <header class="rail">
      <Link to="/" class="brand" aria-label={m.title}>
        <Mark size={26} />
        <Wordmark language={language} height={18} />
      </Link>
      <nav class="pages" aria-label={m.navigation}>
        <Tab to="/" icon="services" label={m.services} current={path === '/'} />
        <Tab to="/traces" icon="traces" label={m.traces} current={path.startsWith('/traces')} />
        <Tab to="/sagas" icon="sagas" label={m.sagas} current={path.startsWith('/sagas')} />
        <Tab to="/parked" icon="message" label={m.parked} current={path.startsWith('/parked')} />
        <Tab to="/logs" icon="logs" label={m.logs} current={path.startsWith('/logs')} />
        <Tab to="/config" icon="settings" label={m.configuration} current={path.startsWith('/config')} />
      </nav>
      <div class="rail-controls">
        <LanguageButton />
        <ThemeButton />
      </div>
    </header>
  );
}

function Tab({ to, icon, label, current }: TabProps): JSX.Element {
  return (
    <Link to={to} class="page-tab" aria-current={current ? 'page' : undefined}>
      <Icon name={icon} />
      <span>{label}</span>
    </Link>
  );
}

interface TabProps {
  readonly to: string;
  readonly icon: IconName;
  readonly label: string;
  readonly current: boolean;
}

function NotFound(): JSX.Element {
  const m = useMessages();
  return (
    <>
      <PageHead title={m.notFound} />
      <Empty icon="search" title={m.notFound}>
        <Link to="/">{m.notFoundHint}</Link>
      </Empty>
    </>
  );
}
